"""Rows of two streams meet once, whichever came first, and what is known of a key goes on from batch to batch."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lakehouse.pipelines import (
    DeclarativePipelineBuilder,
    PipelineDefinition,
    from_files,
    read,
    read_pairs,
    resolve,
    run_pipeline,
    stream_pipeline,
)
from tests.spark.pipelines.streaming import check_law
from tests.stopping import StopAfter
from tests.stored_rows import stored_rows

pytestmark = pytest.mark.spark

Event = tuple[int, str, str]
"""Number, ad, and the time of the day."""
SHOWN = [
    [(1, "a", "10:00"), (2, "a", "10:20"), (3, "b", "10:05"), (4, "c", "11:00")],
    [(5, "b", "11:55"), (6, "d", "12:30"), (7, "a", "08:00")],
]
CLICKED = [
    [(1, "a", "10:05"), (2, "b", "12:00"), (3, "c", "11:30")],
    [(4, "a", "10:25"), (5, "c", "11:10"), (6, "d", "12:30"), (7, "a", "08:01"), (8, "", "12:00")],
]
"""What lands first, and then: 7 is too late on either side, and 8 has no ad."""
DELAY, EARLIER = dt.timedelta(hours=2), dt.timedelta(minutes=10)


def moment(time: str) -> dt.datetime:
    return dt.datetime.fromisoformat(f"2024-01-01T{time}:00+00:00")


def in_time(parts: list[list[Event]]) -> list[Event]:
    """Return what no watermark sets aside: the first part, and of the second what is near the newest of the first."""
    newest = max(moment(time) for _, _, time in parts[0])
    return [*parts[0], *(each for each in parts[1] if moment(each[2]) >= newest - DELAY)]


def counter() -> Callable[[tuple[Any, ...], Any, Any], Any]:
    """Return the function, made here so that it goes to Spark's workers by its code: they don't have this module."""

    def counted(key: tuple[Any, ...], rows: Any, state: Any) -> Any:
        """Count the clicks of an ad, and keep the time of the last one."""
        import pandas as pd

        times = [*rows["clicked_at"], *state["last_at"]]
        return pd.DataFrame(
            {"ad": [key[0]], "clicks": [len(rows) + int(state["clicks"].sum())], "last_at": [max(times)]}
        )

    return counted


def definition() -> PipelineDefinition:
    builder = DeclarativePipelineBuilder("ads").variable("landing", default="none")
    for table, time in (("shown", "shown_at"), ("clicked", "clicked_at")):
        landed = from_files(f"${{landing}}/{table}*.csv", columns=("id", "ad", time))
        flow = landed.select("id", "ad", time).cast({"id": "int", time: "timestamp"})
        builder.silver(table, flow.watermark(time, "2 hours").append())
    pairs = read_pairs("clicked", "shown", on="ad", times=("clicked_at", "shown_at"), earlier="10 minutes")
    state = read("clicked", incremental=True).where("ad IS NOT NULL")
    schema = {"ad": "string", "clicks": "bigint", "last_at": "timestamp"}
    return (
        builder.silver("pairs", pairs.append())
        .silver("ads", state.update_state(counter(), keys="ad", schema=schema).merge("ad"))
        .build()
    )


@pytest.fixture
def one_partition(spark: SparkSession) -> Iterator[None]:
    """Few rows are shuffled into one part: so one worker alone has to import pandas."""
    before = spark.conf.get("spark.sql.shuffle.partitions")
    spark.conf.set("spark.sql.shuffle.partitions", "1")
    yield
    spark.conf.set("spark.sql.shuffle.partitions", before)


@pytest.mark.usefixtures("one_partition")
def test_pairs_come_once_whichever_side_came_first_and_state_goes_on(
    spark: SparkSession, tmp_path: Path
) -> None:
    landing, lake = tmp_path / "landing", tmp_path / "lake"
    landing.mkdir()
    common: dict[str, Any] = {"spark": spark, "warehouse": lake, "variables": {"landing": str(landing)}}
    for number in range(2):
        for table, parts in (("shown", SHOWN), ("clicked", CLICKED)):
            lines = [f"id,ad,{table}_at", *(f"{i},{ad},2024-01-01 {at}:00Z" for i, ad, at in parts[number])]
            (landing / f"{table}{number}.csv").write_text("\n".join(lines) + "\n")
        if number == 0:
            assert not run_pipeline(definition(), **common).failures
            continue
        stopped = run_pipeline(definition(), listener=StopAfter("batch", table="ads"), **common)
        assert [each.table for each in stopped.failures] == ["ads"]
        assert not stream_pipeline(definition(), mode="available-now", **common).failures

    shown, clicked = in_time(SHOWN), in_time(CLICKED)
    wanted = {
        (click, ad, show)
        for click, ad, at in clicked
        for show, other, shown_at in shown
        if ad and ad == other and dt.timedelta(0) <= moment(at) - moment(shown_at) <= EARLIER
    }
    assert {(1, "a", 1), (2, "b", 5), (4, "a", 2), (6, "d", 6)} <= wanted
    rows = stored_rows(spark, lake / "silver/pairs", "id", "ad", "shown_id")
    assert sorted(rows) == sorted(wanted)

    of_ad: dict[str, list[str]] = defaultdict(list)
    for _, ad, at in clicked:
        if ad:
            of_ad[ad].append(at)
    states = {(ad, len(times), moment(max(times))) for ad, times in of_ad.items()}
    found = stored_rows(spark, lake / "silver/ads", "ad", "clicks", "last_at")
    assert {(ad, clicks, last_at.astimezone(dt.UTC)) for ad, clicks, last_at in found} == states
    for table in ("shown", "clicked"):
        aside = stored_rows(spark, lake / f"silver/{table}_quarantine", "id", "_errors")
        assert [(number, errors[0].rule) for number, errors in aside] == [(7, f"late({table}_at)")]
    check_law(lake)


def test_what_can_not_be_paired_or_kept_is_found_with_its_line(spark: SparkSession) -> None:
    builder = DeclarativePipelineBuilder("ads")
    builder.bronze("left", from_files("*.csv", columns=("ad", "at")))
    builder.bronze("right", from_files("*.csv", columns=("ad",)))
    builder.silver("pairs", read_pairs("left", "right", on="ad", times=("at", "then")).append())
    builder.silver("soon", read_pairs("left", "right", on=(), times=("at", "at"), later="soon").append())
    kept = read("left").update_state(counter(), keys="id", schema={"ad": "string"})
    builder.silver("kept", kept.append())
    problems = [str(each) for each in resolve(builder.build(), spark).problems]
    for part in (
        "the time 'at' of 'left', which is string",
        "names the column 'then', which its input does not have",
        "no columns that rows agree in",
        "later='soon'",
        "update_state(counted, keys=id) has no column 'id' in its schema",
        "a table that is not merged into",
        "a source that gives all rows each time",
    ):
        assert any(part in each and "test_pairs_and_state.py:" in each for each in problems), (part, problems)
