"""A row with a failed cast reaches the quarantine with its text, whatever step comes after the cast."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from landing import Lake, shop
from pyspark.sql import DataFrame, SparkSession

from lakehouse.pipelines import Failed, Flow, Refreshed, read
from lakehouse.quality import CAST_ERRORS

pytestmark = pytest.mark.spark

TYPED = read("raw", incremental=True).cast({"units": "int"})
ROWS = [("1", "5", "2024-01-01"), ("2", "x7", "2024-01-02"), ("3", "0", "2024-01-03")]
BAD = "units is 'x7', which is no int"


@pytest.fixture
def lake(spark: SparkSession, tmp_path: Path) -> Lake:
    return Lake(spark, tmp_path)


def messages(lake: Lake, table: str) -> list[str]:
    rows = lake.rows(f"silver/{table}_quarantine", "_errors")
    return sorted(error.message for (errors,) in rows for error in errors)


def positive(frame: DataFrame) -> DataFrame:
    return frame.where("units > 0")


AFTER: dict[str, Callable[[Flow], Flow]] = {
    "where": lambda flow: flow.where("units > 0"),
    "inner_join": lambda flow: flow.join(
        read("raw").where("id <> '2'").select("id", "day AS seen"), on="id", how="inner"
    ),
    "join_without_partners": lambda flow: flow.join(
        read("raw").where("id = '9'").select("id"), on="id", how="inner"
    ),
    "semi_join": lambda flow: flow.join(read("raw").where("id = '1'").select("id"), on="id", how="left_semi"),
    "transform": lambda flow: flow.transform(positive),
    "sql": lambda flow: flow.transform("SELECT id, units FROM {input} WHERE units > 0"),
    "deduplicate": lambda flow: flow.deduplicate("day", keep="latest", order_by="units"),
    "select": lambda flow: flow.select("units"),
    "select_all_and_cast": lambda flow: flow.select("*").cast({"id": "int"}).select("*").where("units > 0"),
    "other_type": lambda flow: flow.select("id", "units > 0 AS units").where("units"),
    "aggregate": lambda flow: flow.aggregate(by="day", total="sum(units)"),
    "nothing": lambda flow: flow,
}


LEAVES_OUT: dict[str, Callable[[Flow], Flow]] = {
    "the_row": lambda flow: flow.where("id = '1'"),
    "the_column": lambda flow: flow.select("id"),
    "both_by_join": lambda flow: flow.select("id").join(
        read("raw").where("id = '1'").select("id"), on="id", how="inner"
    ),
}


def check_set_aside(lake: Lake, table: str, outcome: object) -> None:
    assert isinstance(outcome, Refreshed), outcome
    assert messages(lake, table) == [BAD]
    tally = outcome.refreshes[0].tally
    assert (tally.quarantined, tally.broken["cast"]) == (1, 1)
    assert tally.rows_in == tally.written + tally.dropped + tally.quarantined
    assert tally.written == len(lake.rows(f"silver/{table}"))


def test_a_failed_cast_is_set_aside_or_fails_its_table_although_a_later_step_leaves_it_out(
    lake: Lake,
) -> None:
    """All in one run: the casts are those that tables share. The slow test has each step in a run of its own."""
    lake.land("a.csv", *ROWS)
    kept = ("inner_join", "where", "transform", "aggregate")
    strict = read("raw", incremental=True).cast({"units": "int"}, on_error="fail")
    flows = {step: AFTER[step](TYPED) for step in kept}
    flows |= {what: without(strict) for what, without in LEAVES_OUT.items()}
    outcomes = lake.run(shop(**{name: ("silver", flow.append()) for name, flow in flows.items()})).outcomes
    for step in kept:
        check_set_aside(lake, step, outcomes[step])
    for what in LEAVES_OUT:
        outcome = outcomes[what]
        assert isinstance(outcome, Failed)
        assert BAD in str(outcome.error)
        assert not (lake.warehouse / "silver" / what / "_delta_log").exists()


@pytest.mark.slow
@pytest.mark.parametrize("step", AFTER)
def test_a_failed_cast_reaches_quarantine_through(step: str, lake: Lake) -> None:
    lake.land("a.csv", *ROWS)
    result = lake.run(shop(t=("silver", AFTER[step](TYPED).append())))
    check_set_aside(lake, "t", result.outcomes["t"])


def test_a_row_whose_columns_are_gone_is_set_aside_with_all_of_them(lake: Lake) -> None:
    lake.land("a.csv", *ROWS)
    lake.run(shop(t=("silver", TYPED.aggregate(by="day", total="sum(units)").append())))
    assert lake.rows("silver/t", "total") == [(0,), (5,)]
    ((day, total, row),) = lake.rows("silver/t_quarantine", "day", "total", "_row_at_cast")
    assert (day, total) == ("2024-01-02", None)
    assert json.loads(row)["id"] == "2"


def test_failed_casts_of_shared_steps_reach_the_quarantine_of_each_table(lake: Lake) -> None:
    shared = TYPED.where("units > 0")
    few, many = shared.where("units < 3").append(), shared.expect_or_drop("many", "units > 3").append()
    lake.land("a.csv", *ROWS)
    assert lake.run(shop(few=("silver", few), many=("silver", many))).status == "ok"
    assert messages(lake, "few") == messages(lake, "many") == [BAD]
    assert lake.rows("silver/few") == []
    assert lake.rows("silver/many", "id") == [("1",)]


def test_a_joined_flow_that_casts_sets_its_own_failed_rows_aside(lake: Lake) -> None:
    days = read("raw").cast({"day": "date"}).select("id", "day AS seen")
    lake.land("a.csv", *ROWS, ("4", "1", "someday"))
    flow = TYPED.select("id", "units").join(days, on="id", how="inner").append()
    assert lake.run(shop(t=("silver", flow))).status == "ok"
    assert messages(lake, "t") == ["day is 'someday', which is no date", BAD]
    assert lake.rows("silver/t", "id") == [("1",), ("3",)]


def test_consecutive_casts_note_all_that_fails(lake: Lake) -> None:
    lake.land("a.csv", ("a", "b", "2024-01-01"), ("1", "2", "2024-01-01"))
    lake.run(shop(t=("silver", TYPED.cast({"id": "int"}).where("units > 0").append())))
    assert messages(lake, "t") == ["id is 'a', which is no int", "units is 'b', which is no int"]


@pytest.mark.slow
@pytest.mark.parametrize("what", LEAVES_OUT)
def test_on_error_fail_fails_although_a_later_step_leaves_out(what: str, lake: Lake) -> None:
    lake.land("a.csv", *ROWS)
    strict = read("raw", incremental=True).cast({"units": "int"}, on_error="fail")
    outcome = lake.run(shop(t=("silver", LEAVES_OUT[what](strict).append()))).outcomes["t"]
    assert isinstance(outcome, Failed)
    assert BAD in str(outcome.error)
    assert not (lake.warehouse / "silver" / "t" / "_delta_log").exists()


def test_a_flow_that_is_tried_alone_keeps_failed_rows_too(spark: SparkSession) -> None:
    frame = spark.createDataFrame(ROWS, "id string, units string, day string")
    rows = TYPED.where("units > 0").select("id", "units").apply(frame).collect()
    assert sorted((row.id, row.units, bool(row[CAST_ERRORS])) for row in rows) == [
        ("1", 5, False),
        ("2", None, True),
    ]
