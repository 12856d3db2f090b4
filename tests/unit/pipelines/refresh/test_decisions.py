"""What is decided about a table, and why, from its batches, its log and its source, without Spark."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pytest

from lakehouse.delta_log import Snapshot, TransactionManager, VersionNotFoundError, col
from lakehouse.pipelines import (
    Batch,
    ChangedSourceError,
    Decision,
    DeclarativePipelineBuilder,
    Finish,
    Flow,
    ForeignTableError,
    LostBatchError,
    LostInputsError,
    NewInputs,
    PipelineFactory,
    Rebuilt,
    RefreshContext,
    Rest,
    Source,
    TablePipeline,
    Take,
    Warehouse,
    batch_states,
    drop_pending_batch,
    read,
    restore_table,
)
from lakehouse.pipelines.refresh.batches import BatchLog
from lakehouse.pipelines.refresh.returned_rows import return_quarantined
from lakehouse.source_location import caller_location
from lakehouse.storage import LocalStorageService
from lakehouse.tables import TableWriteError


@dataclass(frozen=True, slots=True, kw_only=True)
class Days(Source):
    """A source of numbered days, as many as a file says; a batch takes all that no batch before it has taken."""

    calendar: str

    def schema(self, upstream: Any) -> Any:
        raise AssertionError("nobody asks")

    def next_inputs(self, context: Any, table: str, history: Sequence[Mapping[str, Any]]) -> NewInputs | None:
        taken = {day for inputs in history for day in inputs["days"]}
        new = [day for day in range(int(Path(self.calendar).read_text())) if day not in taken]
        return NewInputs(known={"days": new}, reason=f"{len(new)} new days") if new else None

    def lost(self, context: Any, table: str, history: Sequence[Mapping[str, Any]]) -> Sequence[str]:
        there = int(Path(self.calendar).read_text())
        return [f"day {day}" for inputs in history for day in inputs["days"] if day >= there]

    def read(self, context: Any, request: Any) -> Any:
        raise AssertionError("nobody asks")


class Shop:
    """A pipeline with one table, as a run with a definition of this moment sees it."""

    def __init__(self, folder: Path) -> None:
        self.warehouse = Warehouse.at(folder / "lake")
        self.calendar = folder / "calendar"

    def table(
        self, flow: Flow, *, pipeline: str = "shop", rebuilt: bool = False, accepts_loss: bool = False
    ) -> TablePipeline:
        definition = DeclarativePipelineBuilder(pipeline).silver("t", flow).build()
        (table,) = definition.tables
        context = RefreshContext(
            pipeline=pipeline,
            open_session=lambda: pytest.fail("no session is needed"),
            warehouse=self.warehouse,
            tables={"t": table},
            rebuilt=Rebuilt(tables=frozenset({"t"} if rebuilt else ()), accepts_loss=accepts_loss),
        )
        return PipelineFactory(context).create("silver", table)

    def days(self, until: int, *, where: str = "x > 0", **more: Any) -> TablePipeline:
        self.calendar.write_text(str(until))
        source = Days(calendar=str(self.calendar), location=caller_location())
        flow = Flow(source=source).where(where).append()
        return self.table(flow, **more)

    def commit(self, number: int, *, replaces: bool = False) -> None:
        """Publish a batch as an engine would: rows and transaction in one commit."""
        with TransactionManager().transaction(self.warehouse.path_of("silver", "t")) as transaction:
            (transaction.overwrite if replaces else transaction.append)(pa.table({"x": [number]}))
            transaction.set_transaction("lakehouse/shop/t", number)

    def set_aside(self, number: int, *, rebuilds: bool = False) -> None:
        """Publish a row of a batch to the quarantine, as an engine would; a rebuild's takes the place of the others."""
        with TransactionManager().transaction(
            self.warehouse.path_of("silver", "t_quarantine")
        ) as transaction:
            (transaction.overwrite if rebuilds else transaction.append)(pa.table({"_batch": [number]}))
            transaction.set_transaction("lakehouse/shop/t", number)

    def aside(self) -> list[int]:
        rows = Snapshot.load(self.warehouse.path_of("silver", "t_quarantine")).to_arrow()
        return sorted(rows["_batch"].to_pylist())


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def settled(decision: Decision) -> Batch:
    assert isinstance(decision, Take), decision
    batch = decision.settle()
    assert batch is not None
    return batch


def take(shop: Shop, until: int, **more: Any) -> Batch:
    """Decide the next batch and write it down."""
    table = shop.days(until, **more)
    return table.batches.decide(settled(table.decide()))


def test_a_source_that_does_not_say_how_much_it_reads_leaves_it_unknown(shop: Shop) -> None:
    assert shop.days(1).decide().outside_bytes is None
    take(shop, 1)
    shop.commit(0)
    assert shop.days(1).decide().outside_bytes == 0, "a table that rests reads nothing"


def test_each_batch_takes_what_is_new_and_then_the_table_rests(shop: Shop) -> None:
    assert take(shop, 2).inputs == {"days": [0, 1]}
    shop.commit(0)
    assert take(shop, 3).inputs == {"days": [2]}
    shop.commit(1)
    assert shop.days(3).decide() == Rest(reason="nothing new")


def test_a_batch_that_is_not_in_the_table_is_finished(shop: Shop) -> None:
    take(shop, 2)
    decision = shop.days(5).decide()
    assert isinstance(decision, Finish)
    assert decision.batch.inputs == {"days": [0, 1]}
    assert decision.reason == "finish batch 0, which an earlier run left"


def test_a_batch_of_another_definition_that_was_not_judged_is_decided_afresh(shop: Shop) -> None:
    take(shop, 2)
    batch = take(shop, 3, where="x > 5")
    assert (batch.number, batch.inputs, batch.predecessor) == (1, {"days": [0, 1, 2]}, None)
    shop.commit(1)
    assert shop.days(3).decide() == Rest()


def test_what_a_restored_table_does_not_have_comes_again(shop: Shop, tmp_path: Path) -> None:
    table = Path(shop.warehouse.path_of("silver", "t"))
    for number in range(4):
        take(shop, number + 1)
        shop.commit(number)
        if number == 1:
            shutil.copytree(table, tmp_path / "backup")
    shutil.rmtree(table)
    shutil.copytree(tmp_path / "backup", table)
    batch = take(shop, 5)
    assert (batch.number, batch.predecessor, batch.inputs) == (4, 1, {"days": [2, 3, 4]})
    shop.commit(4)
    assert shop.days(5).decide() == Rest()


def test_a_table_that_was_deleted_starts_over(shop: Shop) -> None:
    take(shop, 1)
    shop.commit(0)
    take(shop, 2)
    shop.commit(1)
    shutil.rmtree(shop.warehouse.path_of("silver", "t"))
    batch = take(shop, 2)
    assert (batch.number, batch.starts_over, batch.inputs) == (2, True, {"days": [0, 1]})


def test_a_table_whose_batches_are_gone_is_an_error(shop: Shop) -> None:
    table = shop.days(2)
    batch = table.batches.decide(settled(table.decide()))
    shop.commit(0)
    shop.warehouse.storage.delete(table.batches.key_of(batch.number))
    with pytest.raises(LostBatchError):
        shop.days(2).decide()


def test_a_table_of_another_pipeline_is_refused(shop: Shop) -> None:
    take(shop, 1)
    with pytest.raises(ForeignTableError, match="'lakehouse/shop/t'"):
        shop.days(1, pipeline="other").decide()


def test_a_source_of_another_kind_is_refused_while_the_table_is_there(shop: Shop) -> None:
    take(shop, 1)
    shop.commit(0)
    with pytest.raises(ChangedSourceError, match="was filled from a Days and now reads from a TableSource"):
        shop.table(read("t", incremental=True).append()).decide()


def test_the_second_of_two_runs_that_decide_at_once_gets_the_first_ones_batch(shop: Shop) -> None:
    one = shop.days(1)
    first = one.decide()
    two = shop.days(2)
    second = two.decide()
    assert settled(second).inputs == {"days": [0, 1]}
    assert one.batches.decide(settled(first)).inputs == {"days": [0]}
    assert two.batches.decide(settled(second)).inputs == {"days": [0]}


def test_a_batch_that_another_run_publishes_while_this_one_looks_is_not_finished_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(shop, 1)
    shop.commit(0)
    table = shop.days(2)
    newest = BatchLog.newest

    def and_meanwhile(log: BatchLog, *, last: int | None) -> Batch | None:
        monkeypatch.setattr(BatchLog, "newest", newest)
        take(shop, 2)
        shop.commit(1)
        return newest(log, last=last)

    monkeypatch.setattr(BatchLog, "newest", and_meanwhile)
    assert table.decide() == Rest()


def test_a_decision_costs_the_same_reads_after_many_batches(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs = {"days": [0]}
    log = BatchLog(shop.warehouse.storage, layer="silver", table="t")
    first = take(shop, 1)
    for number in range(1, 60):
        follows = msgspec.structs.replace(
            first, number=number, follows=number - 1, starts_over=False, inputs=inputs
        )
        log.decide(follows)
    shop.commit(59)
    reads: list[str] = []
    read_one = LocalStorageService.read
    monkeypatch.setattr(
        LocalStorageService, "read", lambda self, key: [reads.append(key), read_one(self, key)][1]
    )
    flow = read("t", incremental=True).append()
    assert shop.table(flow).is_redefined
    assert [key for key in reads if "batches" in key] == [log.key_of(59)]


def test_a_table_rests_while_a_table_that_a_step_reads_is_not_there(shop: Shop) -> None:
    shop.calendar.write_text("1")
    flow = Flow(source=Days(calendar=str(shop.calendar), location=caller_location())).join("t", on="x")
    assert shop.table(flow.append()).decide() == Rest(reason="t, which it reads too, is not there yet")


def test_a_rebuilt_table_takes_all_inputs_again_and_goes_on_from_there(shop: Shop) -> None:
    for number in range(2):
        take(shop, number + 1)
        shop.commit(number)
    batch = take(shop, 3, rebuilt=True)
    assert (batch.rebuilds, batch.starts_over, batch.predecessor) == (True, True, 1)
    assert (batch.number, batch.inputs) == (2, {"days": [0, 1, 2]})
    shop.commit(2)
    assert shop.days(3).decide() == Rest(), "a table that was rebuilt rests"
    assert take(shop, 4).inputs == {"days": [3]}
    shop.commit(3)
    made_of = BatchLog(shop.warehouse.storage, layer="silver", table="t").taken(3)
    assert [batch.number for batch in made_of] == [2, 3], "what was taken before counts no more"


def test_a_rebuild_takes_the_place_of_a_batch_that_waits(shop: Shop) -> None:
    take(shop, 1)
    shop.commit(0)
    take(shop, 2)
    batch = take(shop, 2, rebuilt=True)
    assert (batch.number, batch.predecessor, batch.inputs) == (2, 0, {"days": [0, 1]})


def test_a_rebuild_that_was_stopped_is_finished_without_being_asked_for_again(shop: Shop) -> None:
    take(shop, 1)
    shop.commit(0)
    rebuild = take(shop, 1, rebuilt=True)
    decision = shop.days(2).decide()
    assert decision == Finish(batch=rebuild)
    other = take(shop, 2, where="x > 5")
    assert (other.rebuilds, other.number, other.inputs) == (True, 2, {"days": [0, 1]})


def test_a_table_that_is_not_there_is_filled_as_ever(shop: Shop) -> None:
    batch = take(shop, 2, rebuilt=True)
    assert (batch.rebuilds, batch.predecessor, batch.inputs) == (False, None, {"days": [0, 1]})


def test_a_table_is_not_rebuilt_without_inputs_that_it_took_unless_their_loss_is_accepted(shop: Shop) -> None:
    take(shop, 3)
    shop.commit(0)
    with pytest.raises(LostInputsError, match="'day 1' and 1 more, which it took, can't be read again"):
        shop.days(1, rebuilt=True).decide()
    assert take(shop, 1, rebuilt=True, accepts_loss=True).inputs == {"days": [0]}


def test_a_rebuild_is_the_way_out_of_lost_batches_and_another_source(shop: Shop) -> None:
    batch = take(shop, 2)
    shop.commit(0)
    shop.warehouse.storage.delete(BatchLog(shop.warehouse.storage, layer="silver", table="t").key_of(0))
    again = take(shop, 2, rebuilt=True)
    assert (again.number, again.predecessor, again.inputs) == (1, 0, batch.inputs)
    shop.commit(1)
    decision = shop.table(read("t").append(), rebuilt=True).decide()
    assert settled(decision).rebuilds
    assert decision.reason == "full refresh: t is at version 1"


@pytest.mark.parametrize("version", [0, 1, 2])
def test_a_table_that_is_put_back_takes_again_what_came_after_that_version(shop: Shop, version: int) -> None:
    for number in range(4):
        take(shop, number + 1)
        shop.commit(number)
    restored = restore_table(shop.warehouse, "t", version)
    assert (restored.table, restored.last_batch, restored.version) == ("silver/t", version, 4)
    rows = Snapshot.load(shop.warehouse.path_of("silver", "t")).to_arrow()
    assert sorted(rows["x"].to_pylist()) == list(range(version + 1))
    batch = take(shop, 4)
    assert (batch.number, batch.predecessor) == (4, version)
    assert batch.inputs == {"days": list(range(version + 1, 4))}
    shop.commit(4)
    assert shop.days(4).decide() == Rest()


def test_a_batch_that_waits_is_not_finished_in_a_table_that_was_put_back(shop: Shop) -> None:
    for number in range(2):
        take(shop, number + 1)
        shop.commit(number)
    take(shop, 3)
    assert restore_table(shop.warehouse, "t", 1).last_batch == 1
    batch = take(shop, 3)
    assert (batch.number, batch.predecessor, batch.inputs) == (3, 1, {"days": [2]})
    assert states_of(shop) == ["taken", "taken", "abandoned", "decided"]


def test_what_a_rebuild_took_out_of_the_quarantine_comes_back_with_the_table(shop: Shop) -> None:
    for number in range(2):
        take(shop, number + 1)
        shop.set_aside(number)
        shop.commit(number)
    take(shop, 2, rebuilt=True)
    shop.set_aside(2, rebuilds=True)
    shop.commit(2)
    assert shop.aside() == [2]
    restore_table(shop.warehouse, "t", 1)
    assert shop.aside() == [0, 1]
    assert take(shop, 3).number == 3
    shop.set_aside(3)
    assert shop.aside() == [0, 1, 3], "the quarantine takes later batches"


def test_a_table_is_put_back_also_where_what_was_set_aside_is_gone(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    take(shop, 1)
    shop.set_aside(0)
    shop.commit(0)
    (gone,) = Path(shop.warehouse.path_of("silver", "t_quarantine")).glob("*.parquet")
    take(shop, 1, rebuilt=True)
    shop.set_aside(1, rebuilds=True)
    shop.commit(1)
    gone.unlink()  # as a vacuum takes it
    assert restore_table(shop.warehouse, "t", 0).last_batch == 0
    assert "that later batches took away don't come back: could not restore" in caplog.text


def test_what_a_rebuild_took_out_of_the_quarantine_comes_back_when_it_is_given_up(shop: Shop) -> None:
    take(shop, 1)
    shop.set_aside(0)
    shop.commit(0)
    take(shop, 1, rebuilt=True)
    shop.set_aside(1, rebuilds=True)
    assert drop_pending_batch(shop.warehouse, "t") == 1
    assert shop.aside() == [0]


def test_a_quarantine_that_only_grew_is_left_to_the_next_batch_of_a_table_that_was_put_back(
    shop: Shop,
) -> None:
    for number in range(2):
        take(shop, number + 1)
        shop.set_aside(number)
        shop.commit(number)
    restore_table(shop.warehouse, "t", 0)
    assert Snapshot.load(shop.warehouse.path_of("silver", "t_quarantine")).version == 1


def test_a_table_that_cannot_be_put_back_keeps_the_batch_that_waits(shop: Shop) -> None:
    take(shop, 1)
    shop.commit(0)
    (gone,) = Path(shop.warehouse.path_of("silver", "t")).glob("*.parquet")
    take(shop, 2)
    shop.commit(1, replaces=True)
    gone.unlink()  # as a vacuum takes it
    waiting = take(shop, 3)
    with pytest.raises(TableWriteError, match="restore"):
        restore_table(shop.warehouse, "t", 0)
    assert shop.days(3).decide() == Finish(batch=waiting)


def test_what_an_abandoned_batch_took_out_of_the_quarantine_comes_back_before_the_next(shop: Shop) -> None:
    for number in range(2):
        take(shop, number + 1)
        shop.set_aside(number)
        shop.commit(number)
    take(shop, 3)
    shop.set_aside(2, rebuilds=True)
    other = take(shop, 3, where="x > 5")
    assert (other.number, other.predecessor) == (3, 1)

    def returned() -> None:
        batches = BatchLog(shop.warehouse.storage, layer="silver", table="t")
        return_quarantined(shop.warehouse, batches, layer="silver", folder="t", last=1, before=3)

    returned()
    assert shop.aside() == [0, 1]
    shop.set_aside(3)
    returned()
    assert shop.aside() == [0, 1, 3], "the batch has come: there is nothing to do again"


def test_changes_that_went_when_a_table_was_put_back_come_back_when_that_is_undone(shop: Shop) -> None:
    changes = shop.warehouse.path_of("system/changes/silver", "t")
    for number in range(3):
        take(shop, number + 1)
        with TransactionManager().transaction(changes) as transaction:
            transaction.append(pa.table({"_batch": [number]}))
            transaction.set_transaction("lakehouse/shop/t", number)
        shop.commit(number)
    restore_table(shop.warehouse, "t", 0)
    take(shop, 3)
    with TransactionManager().transaction(changes) as transaction:
        transaction.delete(
            (col("_batch") > 0) & (col("_batch") < 3)
        )  # as the batch does it that goes on from 0
    shop.commit(3)
    assert restore_table(shop.warehouse, "t", 2).last_batch == 2
    assert sorted(Snapshot.load(changes).to_arrow()["_batch"].to_pylist()) == [0, 1, 2]


def test_what_somebody_deleted_from_a_quarantine_while_a_batch_waited_stays_deleted(shop: Shop) -> None:
    for number in range(2):
        take(shop, number + 1)
        shop.set_aside(number)
        shop.commit(number)
    take(shop, 3)
    with TransactionManager().transaction(shop.warehouse.path_of("silver", "t_quarantine")) as transaction:
        transaction.overwrite(pa.table({"_batch": [1]}))
    drop_pending_batch(shop.warehouse, "t")
    assert shop.aside() == [1]


def states_of(shop: Shop) -> list[str]:
    return [each.state for each in batch_states(shop.warehouse, "t")]


def test_a_version_that_never_was_changes_nothing(shop: Shop) -> None:
    take(shop, 1)
    shop.commit(0)
    take(shop, 2)
    with pytest.raises(VersionNotFoundError):
        restore_table(shop.warehouse, "t", 7)
    assert states_of(shop) == ["taken", "decided"]
