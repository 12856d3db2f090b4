"""A definition that runs as a stream gives the tables that its rows say, in any mode and beside runs."""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.pipelines import (
    ChangedCheckpointError,
    DeclarativePipelineBuilder,
    EventLog,
    ForeignCheckpointError,
    RunHeldError,
    RunListener,
    StreamProgress,
    StreamResult,
    StreamStop,
    Warehouse,
    from_delta,
    from_files,
    from_rate,
    read,
    run_pipeline,
    stream_pipeline,
    stream_statuses,
)
from tests.spark.pipelines.streamed_orders import (
    Order,
    contents,
    expected,
    land,
    orders,
    streamed_orders,
)

pytestmark = pytest.mark.spark

PIPELINE, SMALL = streamed_orders(), streamed_orders(is_small=True)


class Seen(RunListener):
    """Counts the rows that a table has taken, and lets a test wait for them."""

    def __init__(self, table: str = "days") -> None:
        self._table = table
        self._changed = threading.Condition()
        self._micro_batches = 0
        self.started = threading.Event()

    def stream_started(self, progress: StreamProgress) -> None:
        self.started.set()

    def stream_progressed(self, progress: StreamProgress) -> None:
        with self._changed:
            if self._table in progress.tables:
                self._micro_batches = progress.tables[self._table].micro_batches
            self._changed.notify_all()

    def wait_for(self, micro_batches: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self._micro_batches >= micro_batches, timeout=240)


def streaming(work: Callable[[StreamStop, Seen], None], table: str = "days", **given: object) -> StreamResult:
    """Run a continuous stream while ``work`` goes on beside it, and end it then."""
    stop, seen, failed = StreamStop(), Seen(table), []

    def beside() -> None:
        try:
            assert seen.started.wait(240)
            work(stop, seen)
        except BaseException as error:
            failed.append(error)
        stop.ask("the test")

    thread = threading.Thread(target=beside)
    thread.start()
    result = stream_pipeline(stop=stop, listener=seen, trigger="1 second", **given)  # type: ignore[arg-type]
    thread.join()
    if failed:
        raise failed[0]
    return result


def check_law(warehouse: Path) -> list[dict]:
    """Check that rows in = written + dropped + quarantined in each event of a table, and return the runs' events."""
    events = EventLog(Warehouse.at(warehouse)).read().to_pylist()
    tables = [each for each in events if each["kind"] == "table" and each["status"] == "ok"]
    assert tables
    for each in tables:
        assert each["rows_in"] == each["rows_out"] + each["rows_dropped"] + each["rows_quarantined"]
    return [each for each in events if each["kind"] == "run"]


def small(given: Sequence[Order]) -> dict[str, set[tuple]]:
    """Return the rows of the tables of the small pipeline."""
    rows = expected(given)
    return {name: rows[name] for name in ("appended", "appended_quarantine", "current", "days")}


def test_modes_and_runs_that_follow_each_other_make_the_tables_that_the_rows_say(
    spark: SparkSession, tmp_path: Path
) -> None:
    given = orders(random.Random(5), 60)
    landing, warehouse = tmp_path / "landing", tmp_path / "lake"
    landing.mkdir()
    common = {"spark": spark, "warehouse": warehouse, "variables": {"landing": str(landing)}}
    land(landing, "a", given[:20])
    first = stream_pipeline(SMALL, mode="available-now", **common)  # type: ignore[arg-type]
    assert not first.failures
    assert contents(spark, warehouse) == small(given[:20])

    def beside(stop: StreamStop, seen: Seen) -> None:
        land(landing, "b", given[20:45])
        with pytest.raises(RunHeldError):
            stream_pipeline(SMALL, **common)  # type: ignore[arg-type]
        seen.wait_for(1)
        (status,) = stream_statuses(Warehouse.at(warehouse))
        assert status.state == "running"
        land(landing, "c", given[45:])
        run_pipeline(SMALL, **common)  # type: ignore[arg-type]

    result = streaming(beside, definition=SMALL, **common)
    assert not result.failures
    assert result.progress.ended_by == "the test"
    assert contents(spark, warehouse) == small(given)
    runs = check_law(warehouse)
    modes = Counter(json.loads(each["details"] or "{}").get("mode") for each in runs)
    assert modes["available-now"] == 1
    assert modes["continuous"] >= 1
    assert all(each["status"] == "ok" for each in runs if each["details"])
    (status,) = stream_statuses(Warehouse.at(warehouse))
    assert (status.state, status.holder) == ("ended", None)
    progress = result.progress.tables["raw"]
    assert progress.rows_in == progress.rows_out


def test_a_checkpoint_wakes_only_whom_it_was_made_for_and_a_lost_one_loses_nothing(
    spark: SparkSession, tmp_path: Path
) -> None:
    landing, warehouse = tmp_path / "landing", tmp_path / "lake"
    landing.mkdir()

    def pipeline(pattern: str):
        builder = DeclarativePipelineBuilder("small")
        return builder.bronze("raw", from_files(f"{landing}/{pattern}", columns=("id",))).build()

    def go(pattern: str = "*.csv", **more: object) -> StreamResult:
        return stream_pipeline(
            pipeline(pattern), spark=spark, warehouse=warehouse, mode="available-now", **more
        )  # type: ignore[arg-type]

    def rows() -> list[str]:
        return sorted(row.id for row in spark.read.format("delta").load(f"{warehouse}/bronze/raw").collect())

    (landing / "a.csv").write_text("id\n1\n2\n")
    assert set(go().outcomes) == {"raw"}
    checkpoint = warehouse / "system/checkpoints/small/bronze/raw"
    assert (checkpoint / "spark" / "offsets" / "0").exists()
    (checkpoint / "spark").rename(tmp_path / "lost")
    (landing / "b.csv").write_text("id\n3\n")
    go()
    assert rows() == ["1", "2", "3"]
    with pytest.raises(ChangedCheckpointError, match="--reset raw"):
        go("?.csv")
    assert not go("?.csv", reset=["raw"]).outcomes
    assert rows() == ["1", "2", "3"]
    (checkpoint / "identity.json").unlink()
    with pytest.raises(ForeignCheckpointError):
        go("?.csv")


@pytest.mark.slow
def test_a_table_by_the_clock_waits_while_those_before_it_stream_and_a_failed_one_lets_others_go_on(
    spark: SparkSession, tmp_path: Path
) -> None:
    warehouse = tmp_path / "lake"
    numbers = DeclarativePipelineBuilder("numbers").bronze("outside", from_rate(1)).build()
    run_pipeline(numbers, spark=spark, warehouse=warehouse)
    definition = (
        DeclarativePipelineBuilder("clocked")
        .bronze("ticks", from_rate(5))
        .silver("strict", read("ticks", incremental=True).expect_or_fail("never", "value < 0").append())
        .gold("others", from_delta("bronze.outside", incremental=True).append())
        .gold("total", read("ticks").aggregate(ticks="count(*)").replace(), refresh_every="1 hour")
        .build()
    )

    def beside(stop: StreamStop, seen: Seen) -> None:
        seen.wait_for(1)
        run_pipeline(numbers, spark=spark, warehouse=warehouse)
        seen.wait_for(2)

    result = streaming(beside, "others", definition=definition, spark=spark, warehouse=warehouse)
    assert [failed.table for failed in result.failures] == ["strict"]
    tables = result.progress.tables
    assert tables["ticks"].micro_batches >= 2
    assert tables["total"].micro_batches <= 1
    assert "never" in tables["strict"].error
    ticks = [row.value for row in spark.read.format("delta").load(f"{warehouse}/bronze/ticks").collect()]
    assert sorted(ticks) == list(range(len(ticks)))
    check_law(warehouse)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_any_cut_in_any_mode_gives_the_tables_of_one_batch(
    spark: SparkSession, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    given = orders(chance, 80)
    cuts = sorted(chance.sample(range(1, 80), 3))
    parts = [given[start:end] for start, end in zip([0, *cuts], [*cuts, 80], strict=True)]

    def lake(mode: str) -> dict:
        landing = tmp_path / f"{mode} landing"
        landing.mkdir()
        return {
            "spark": spark,
            "warehouse": tmp_path / mode,
            "variables": {"landing": str(landing)},
        }

    def drop(mode: str, number: int, some: Sequence[Order]) -> None:
        land(tmp_path / f"{mode} landing", f"{number:03}", some)

    batch, now, continuous = lake("batch"), lake("available-now"), lake("continuous")
    drop("batch", 0, given)
    run_pipeline(PIPELINE, **batch)
    for number, part in enumerate(parts):
        drop("available-now", number, part)
        if chance.random() < 0.6:
            stream_pipeline(PIPELINE, mode="available-now", **now)
    stream_pipeline(PIPELINE, mode="available-now", **now)

    def beside(stop: StreamStop, seen: Seen) -> None:
        for number, part in enumerate(parts):
            drop("continuous", number, part)
            time.sleep(chance.random() * 3)
        run_pipeline(PIPELINE, **continuous)

    streaming(beside, definition=PIPELINE, **continuous)
    for mode in ("batch", "available-now", "continuous"):
        assert contents(spark, tmp_path / mode) == expected(given), mode
        check_law(tmp_path / mode)
