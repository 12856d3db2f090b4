"""``lakehouse batches``: what each batch of a table became, and a way out for one that waits."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pyarrow as pa
import pytest

from lakehouse.cli import main
from lakehouse.delta_log import Snapshot, TransactionManager
from lakehouse.pipelines import Batch, Warehouse
from lakehouse.pipelines.refresh.batches import BatchLog


@pytest.fixture
def lake(tmp_path: Path) -> str:
    """A table that has batches 0 and 2; 1 was abandoned, and 3 waits."""
    warehouse = Warehouse.at(tmp_path)
    log = BatchLog(warehouse.storage, layer="silver", table="sales")
    for number, follows in enumerate((None, 0, 0, 2)):
        log.decide(
            Batch(
                flow="lakehouse/shop/sales",
                number=number,
                planned_at=f"2026-01-0{number + 1}T00:00:00+00:00",
                starts_over=follows is None,
                fingerprint="f",
                follows=follows,
                inputs={"after": number},
                pinned={},
            )
        )
    for number in (0, 2):
        with TransactionManager().transaction(tmp_path / "silver" / "sales") as transaction:
            transaction.append(pa.table({"x": [number]}))
            transaction.set_transaction("lakehouse/shop/sales", number)
    return str(tmp_path)


def states(lake: str, capsys: pytest.CaptureFixture[str]) -> dict[int, str]:
    assert main(["batches", "show", "sales", "--warehouse", lake, "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return {line["number"]: line["state"] for line in lines}


def test_each_batch_is_shown_with_what_became_of_it(lake: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert states(lake, capsys) == {0: "taken", 1: "abandoned", 2: "taken", 3: "decided"}
    assert main(["batches", "show", "sales", "--warehouse", lake]) == 0
    assert '3  decided    2026-01-04T00:00:00+00:00  {"after":3}' in capsys.readouterr().out


def test_a_dropped_batch_waits_no_more(lake: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["batches", "drop", "sales", "--warehouse", lake]) == 0
    assert "dropped batch 3 of sales" in capsys.readouterr().out
    assert states(lake, capsys)[3] == "abandoned"
    assert main(["batches", "drop", "sales", "--warehouse", lake]) == 2
    assert "no batch of 'sales' waits" in capsys.readouterr().err


def test_an_unknown_table_is_refused_with_a_suggestion(
    lake: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["batches", "show", "sale", "--warehouse", lake]) == 2
    assert "did you mean 'sales'?" in capsys.readouterr().err
    assert main(["restore", "sales", "--version", "0", "--warehouse", str(tmp_path / "empty")]) == 2
    assert "has no batches of a table 'sales'. Fix: run its pipeline" in capsys.readouterr().err


def test_a_table_is_put_back_and_a_reader_that_is_ahead_of_it_is_named(
    lake: str, capsys: pytest.CaptureFixture[str]
) -> None:
    warehouse = Warehouse.at(lake)
    table_id = Snapshot.load(f"{lake}/silver/sales").metadata.id
    BatchLog(warehouse.storage, layer="gold", table="report").decide(
        Batch(
            flow="lakehouse/shop/report",
            number=0,
            planned_at="2026-01-05T00:00:00+00:00",
            starts_over=False,
            fingerprint="f",
            follows=None,
            inputs={"after": 0, "through": 1, "table_id": table_id},
            pinned={},
        )
    )
    with TransactionManager().transaction(f"{lake}/gold/report") as transaction:
        transaction.append(pa.table({"x": [1]}))
        transaction.set_transaction("lakehouse/shop/report", 0)
    assert main(["restore", "sales", "--version", "0", "--warehouse", lake]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "silver/sales is as it was at version 0; its version is now 2",
        "the next run takes what came after batch 0 again",
        "gold/report has read rows that are gone: restore it too, or rebuild it with --full-refresh report+",
    ]
    assert states(lake, capsys) == {0: "taken", 1: "abandoned", 2: "abandoned", 3: "abandoned"}
    assert main(["restore", "sales", "--version", "1", "--warehouse", lake, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["last_batch"] == 2
    assert main(["restore", "sales", "--version", "9", "--warehouse", lake]) == 1
    assert "Fix:" in capsys.readouterr().err


def test_a_name_that_two_layers_have_is_asked_for_with_its_layer(
    lake: str, capsys: pytest.CaptureFixture[str]
) -> None:
    log = BatchLog(Warehouse.at(lake).storage, layer="gold", table="sales")
    silver = BatchLog(Warehouse.at(lake).storage, layer="silver", table="sales")
    log.decide(msgspec.structs.replace(silver.get(0).batch, flow="lakehouse/shop/gold"))
    assert main(["batches", "show", "sales", "--warehouse", lake]) == 2
    assert "Fix: say which: gold.sales or silver.sales." in capsys.readouterr().err
    assert main(["restore", "silver.sales", "--version", "0", "--warehouse", lake]) == 0
    assert capsys.readouterr().out.startswith("silver/sales is as it was at version 0")
