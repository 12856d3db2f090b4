"""``lakehouse sample`` draws rows of a table as a test's input: a literal that Python reads back."""

from __future__ import annotations

import ast
import datetime as dt
import json
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from lakehouse.cli import main
from lakehouse.delta_log import TransactionManager

ROWS = [
    {"id": n, "day": dt.date(2024, 1, 1 + n), "amount": Decimal(f"{n}.50"), "note": None if n % 2 else "it's"}
    for n in range(9)
]


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    rows = pa.Table.from_pylist([{**row, "_source_file": "a.csv"} for row in ROWS])
    with TransactionManager().transaction(tmp_path / "silver" / "orders") as transaction:
        transaction.append(rows)
    return tmp_path


def literal(capsys: pytest.CaptureFixture[str]) -> dict[str, list[dict[str, object]]]:
    text = capsys.readouterr().out.removeprefix("inputs = ")
    found: dict[str, list[dict[str, object]]] = ast.literal_eval(text)
    return found


def test_drawn_rows_are_the_input_of_a_test(lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sample", "silver.orders", "--warehouse", str(lake), "--rows", "3"]) == 0
    (rows,) = literal(capsys).values()
    wanted = [{**row, "day": str(row["day"]), "amount": str(row["amount"])} for row in ROWS]
    assert len(rows) == 3
    assert all(row in wanted for row in rows)
    assert sorted(rows, key=wanted.index) == rows


def test_another_seed_draws_other_rows_and_all_are_as_likely(
    lake: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    counts = dict.fromkeys(range(9), 0)
    for seed in range(90):
        main(["sample", str(lake / "silver" / "orders"), "--rows", "2", "--seed", str(seed)])
        for row in literal(capsys)["orders"]:
            counts[int(str(row["id"]))] += 1
    assert sum(counts.values()) == 180
    assert min(counts.values()) >= 8  # 20 are expected of each


def test_a_small_table_is_drawn_whole_and_as_json_too(lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sample", "silver.orders", "--warehouse", str(lake), "--rows", "99", "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["id"] for row in rows] == list(range(9))
    assert "_source_file" not in rows[0]


def test_a_table_that_is_not_there_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sample", "silver.nothing", "--warehouse", str(tmp_path)]) == 1
    assert "silver/nothing" in capsys.readouterr().err
    assert main(["sample", "nothing", "--warehouse", str(tmp_path)]) == 2
    assert "'nothing' is neither layer.table nor a path. Fix: silver.nothing" in capsys.readouterr().err
