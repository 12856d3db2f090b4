"""Whether a result is brought up to date from new rows: decided with the batch, from logs, without Spark."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakehouse.delta_log import TransactionManager, col
from lakehouse.pipelines import (
    Batch,
    DeclarativePipelineBuilder,
    Flow,
    PipelineFactory,
    RefreshContext,
    TablePipeline,
    Take,
    Warehouse,
    read,
)
from lakehouse.pipelines.refresh.groups import KeptState, KeptStates, choice
from lakehouse.tables import StagedRows

TOTALS = read("sales").join("names", on="id").aggregate(by="name", n="count(*)").replace()


class Shop:
    """A warehouse with sales, names and a result of both."""

    def __init__(self, folder: Path) -> None:
        self.warehouse = Warehouse.at(folder / "lake")
        self.write("sales")
        self.write("names")

    def write(self, table: str) -> None:
        with TransactionManager().transaction(self.warehouse.path_of("silver", table)) as transaction:
            transaction.append(pa.table({"id": [1, 2]}))

    def totals(self, flow: Flow = TOTALS, **options: Any) -> TablePipeline:
        builder = DeclarativePipelineBuilder("shop")
        builder.silver("sales", read("totals").append()).silver("names", read("totals").append())
        tables = {table.name: table for table in builder.gold("totals", flow, **options).build().tables}
        context = RefreshContext(
            pipeline="shop",
            open_session=lambda: pytest.fail("no session is needed"),
            warehouse=self.warehouse,
            tables=tables,
        )
        return PipelineFactory(context).create("gold", tables["totals"])

    def take(self, flow: Flow = TOTALS, **options: Any) -> Batch:
        """Decide a batch, keep groups for it, and let the table have it, as a run does."""
        pipeline = self.totals(flow, **options)
        decision = pipeline.decide()
        assert isinstance(decision, Take)
        batch = decision.settle()
        assert batch is not None
        pipeline.batches.decide(batch)
        self.keep(batch)
        with TransactionManager().transaction(self.warehouse.path_of("gold", "totals")) as transaction:
            transaction.append(pa.table({"n": [1]}))
            transaction.set_transaction(batch.flow, batch.number)
        return batch

    def keep(self, batch: Batch) -> None:
        states = KeptStates(self.warehouse, layer="gold", table="totals")
        folder = Path(states.folder_of(batch)) / "_lakehouse_staging" / uuid.uuid4().hex
        folder.mkdir(parents=True)
        pq.write_table(pa.table({"c0": list(range(4120))}), folder / "part-0.parquet")
        (folder / "_SUCCESS").touch()
        rows = StagedRows(folder=str(folder), row_count=4120, schema_json={"type": "struct", "fields": []})
        states.keep(batch, KeptState(rows=rows, settings={}, steps=(), counts={"groups": 4120}, how=""))


@pytest.fixture(autouse=True, scope="module")
def every_source_is_worth_it() -> Iterator[None]:
    """As if the few rows of a test were many: groups are kept of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(choice, "_WORTH_KEEPING_BYTES", 0)
        yield


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def test_new_rows_of_the_source_are_named_in_the_batch(shop: Shop) -> None:
    first = shop.take()
    assert (first.added, first.how) == (None, "")
    shop.write("sales")
    shop.write("sales")
    decision = shop.totals().decide()
    assert decision.reason == "incremental: sales has new rows in versions 1 to 2 (4,120 groups are kept)"
    batch = shop.take()
    assert batch.added is not None
    assert (batch.added["after"], batch.added["through"]) == (0, 2)
    assert batch.inputs["after"] == -1, "all rows can still be read, to the same result"
    assert shop.totals().decide().reason == "nothing new"


def test_a_table_behind_the_groups_may_move(shop: Shop) -> None:
    behind = read("sales").aggregate(by="id").join("names", on="id").replace()
    shop.take(behind)
    shop.write("names")
    reason = shop.totals(behind).decide().reason
    assert reason == "incremental: sales has no new rows (4,120 groups are kept)"


def test_a_table_before_the_groups_may_not(shop: Shop) -> None:
    shop.take()
    shop.write("names")
    expected = "names is at version 1; whole: names, which it joins, was at version 0"
    assert shop.totals().decide().reason == expected


def test_rows_that_went_or_changed_are_no_new_rows(shop: Shop) -> None:
    shop.take()
    shop.write("sales")
    with TransactionManager().transaction(shop.warehouse.path_of("silver", "sales")) as transaction:
        transaction.delete(col("id") == 1)
    reason = shop.totals().decide().reason
    assert reason == (
        "sales is at version 2; whole: sales has not only been appended to: version 2 took data files away"
    )


def test_the_first_reason_for_all_rows_is_the_one_that_the_user_gave(shop: Shop) -> None:
    shop.take()
    assert shop.totals(TOTALS.expect("some", "n > 0")).decide().reason == "its definition changed"
    shop.write("sales")
    assert "whole: its refresh_policy is 'full'" in shop.totals(refresh_policy="full").decide().reason
    changed = TOTALS.expect("some", "n > 0")
    assert shop.totals(changed).decide().reason == "sales is at version 1; whole: its definition changed"
    opaque = read("sales").transform(lambda frame: frame).replace()
    assert "may look at all rows" in shop.totals(opaque).decide().reason
    shutil.rmtree(Path(shop.warehouse.root) / "system" / "groups")
    assert "whole: the groups of batch 0 are not kept" in shop.totals().decide().reason


def test_a_small_source_is_read_whole_unless_groups_are_demanded(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.take()
    shop.write("sales")
    monkeypatch.setattr(choice, "_WORTH_KEEPING_BYTES", 1_000_000)
    assert "whole: its source is so small" in shop.totals().decide().reason
    assert shop.totals(refresh_policy="incremental").decide().reason.startswith("incremental: ")


@pytest.mark.parametrize(("rows", "expected"), [(4, "incremental: "), (5, "whole: its source is so small")])
def test_a_source_of_few_bytes_and_many_rows_is_not_small(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, rows: int, expected: str
) -> None:
    shop.take()
    shop.write("sales")  # two rows beside two
    monkeypatch.setattr(choice, "_WORTH_KEEPING_BYTES", 1_000_000)
    monkeypatch.setattr(choice, "_WORTH_KEEPING_ROWS", rows)
    assert expected in shop.totals().decide().reason
