"""A definition that runs as a stream gives the tables that its rows say, in any mode and beside runs."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.pipelines import (
    ChangedCheckpointError,
    DeclarativePipelineBuilder,
    DefinitionErrors,
    ForeignCheckpointError,
    RunHeldError,
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
from tests.spark.pipelines.streaming import Seen, check_law, streaming
from tests.stored_rows import stored_rows

pytestmark = pytest.mark.spark

PIPELINE, SMALL = streamed_orders(), streamed_orders(is_small=True)


def test_a_stream_and_a_run_beside_it_make_the_tables_that_the_rows_say(
    spark: SparkSession, tmp_path: Path
) -> None:
    given = orders(random.Random(5), 40)
    landing, warehouse = tmp_path / "landing", tmp_path / "lake"
    landing.mkdir()
    common = {"spark": spark, "warehouse": warehouse, "variables": {"landing": str(landing)}}
    land(landing, "a", given[:25])

    def beside(stop: StreamStop, seen: Seen) -> None:
        with pytest.raises(RunHeldError):
            stream_pipeline(SMALL, **common)  # type: ignore[arg-type]
        seen.wait_for(1)
        (status,) = stream_statuses(Warehouse.at(warehouse))
        assert status.state == "running"
        land(landing, "b", given[25:])
        run_pipeline(SMALL, **common)  # type: ignore[arg-type]

    result = streaming(beside, definition=SMALL, **common)
    assert not result.failures
    assert result.progress.ended_by == "the test"
    rows = expected([given])
    names = ("appended", "appended_quarantine", "current", "days")
    assert contents(warehouse) == {name: rows[name] for name in names}
    runs = check_law(warehouse)
    assert all(each["status"] == "ok" for each in runs if each["details"])
    assert "continuous" in {json.loads(each["details"] or "{}").get("mode") for each in runs}
    (status,) = stream_statuses(Warehouse.at(warehouse))
    assert (status.state, status.holder) == ("ended", None)
    progress = result.progress.tables["raw"]
    assert progress.rows_in == progress.rows_out
    assert progress.waiting is not None
    assert progress.state_bytes


def test_a_checkpoint_wakes_only_whom_it_was_made_for_and_a_lost_one_loses_nothing(
    spark: SparkSession, tmp_path: Path
) -> None:
    landing, warehouse = tmp_path / "landing", tmp_path / "lake"
    landing.mkdir()

    def pipeline(pattern: str):
        builder = DeclarativePipelineBuilder("small")
        raw = from_files(f"{landing}/{pattern}", columns=("id",), max_files=1)
        return builder.bronze("raw", raw).silver("kept", read("raw", incremental=True).append()).build()

    def go(pattern: str = "*.csv", **more: object) -> StreamResult:
        return stream_pipeline(
            pipeline(pattern), spark=spark, warehouse=warehouse, mode="available-now", **more
        )  # type: ignore[arg-type]

    def rows() -> list[str]:
        return sorted(row[0] for row in stored_rows(spark, warehouse / "silver/kept", "id"))

    for name, text in (("a", "id\n1\n2\n"), ("b", "id\n3\n")):
        (landing / f"{name}.csv").write_text(text)
    assert not go(select=["kept"]).outcomes, "it reads a table that is not there"
    found = go()
    assert set(found.outcomes) == {"raw", "kept"}
    raw = found.progress.tables["raw"]
    assert (raw.micro_batches, raw.waiting.count if raw.waiting else None) == (2, 0)
    assert rows() == ["1", "2", "3"]
    modes = {json.loads(each["details"])["mode"] for each in check_law(warehouse)}
    assert modes == {"available-now"}
    checkpoint = warehouse / "system/checkpoints/small/bronze/raw"
    assert (checkpoint / "spark" / "offsets" / "0").exists()
    (checkpoint / "spark").rename(tmp_path / "lost")
    with pytest.raises(ChangedCheckpointError, match="--reset raw"):
        go("?.csv")
    (landing / "c.csv").write_text("id\n4\n")
    assert set(go("?.csv", reset=["raw"]).outcomes) == {"raw", "kept"}
    assert rows() == ["1", "2", "3", "4"]
    (checkpoint / "identity.json").unlink()
    with pytest.raises(ForeignCheckpointError):
        go("?.csv")
    assert not go("?.csv", select=["kept"]).failures
    own = warehouse / "system/checkpoints/small/silver/kept"
    assert all((own / kind / "offsets" / "0").exists() for kind in ("clock", "spark")), (
        "each kind has its own"
    )


def test_what_depends_on_the_cut_is_refused_before_anything_begins(
    spark: SparkSession, tmp_path: Path
) -> None:
    totals = from_rate(5).aggregate(ticks="count(*)").append()
    definition = DeclarativePipelineBuilder("cut").bronze("totals", totals).build()
    with pytest.raises(
        DefinitionErrors, match=r"test_streams\.py:\d+: aggregate.*cuts new rows into batches"
    ):
        stream_pipeline(definition, spark=spark, warehouse=tmp_path / "lake", mode="available-now")
    assert not (tmp_path / "lake").exists()


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
        for count in range(1, 4):  # meanwhile the clock of a rate gives new rows to the others
            seen.wait_for(count)
            run_pipeline(numbers, spark=spark, warehouse=warehouse)
        seen.wait_for(4)

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
@pytest.mark.parametrize("seed", range(3))
def test_any_cut_in_any_mode_gives_the_tables_of_one_batch_and_the_same_cut_the_same_late_rows(
    spark: SparkSession, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    given = orders(chance, 60)
    cuts = sorted(chance.sample(range(1, 60), 2))
    parts = [given[start:end] for start, end in zip([0, *cuts], [*cuts, 60], strict=True)]

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

    whole, batch, now, continuous = (lake(each) for each in ("whole", "batch", "available-now", "continuous"))
    drop("whole", 0, given)
    run_pipeline(PIPELINE, **whole)
    taken: dict[str, list[list[Order]]] = {"whole": [given], "batch": [], "available-now": [[]]}
    for number, part in enumerate(parts):
        drop("batch", number, part)
        run_pipeline(PIPELINE, **batch)
        taken["batch"].append(part)
        drop("available-now", number, part)
        taken["available-now"][-1] += part
        if chance.random() < 0.6 or number == len(parts) - 1:
            stream_pipeline(PIPELINE, mode="available-now", **now)
            taken["available-now"].append([])

    def beside(stop: StreamStop, seen: Seen) -> None:
        for number, part in enumerate(parts):
            drop("continuous", number, part)
            seen.wait_for(number + 1)
        run_pipeline(PIPELINE, **continuous)

    streaming(beside, "timed", definition=PIPELINE, **continuous)
    taken["continuous"] = taken["batch"]
    for mode, cut in taken.items():
        assert contents(tmp_path / mode) == expected([each for each in cut if each]), mode
        check_law(tmp_path / mode)
