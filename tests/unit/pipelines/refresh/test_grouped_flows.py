"""Which flows are refreshed by their groups, which step stands in the way of others, and what can be skipped."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import (
    DateType,
    DecimalType,
    DoubleType,
    LongType,
    StringType,
    StructField,
    StructType,
    TimestampType,
)

from lakehouse.delta_log import col
from lakehouse.pipelines import DeclarativePipelineBuilder, Flow, TableDefinition, from_files, read
from lakehouse.pipelines.refresh.groups import GroupedFlow, NotGrouped, grouped_flow
from lakehouse.pipelines.refresh.groups.skipping import may_be_of_groups

SCHEMA = StructType(
    [
        StructField("day", DateType()),
        StructField("at", TimestampType()),
        StructField("shop", StringType()),
        StructField("id", LongType()),
        StructField("price", DecimalType(10, 3)),
        StructField("x", DoubleType()),
    ]
)


def rows(frame: DataFrame) -> DataFrame:
    return frame


def table(flow: Flow) -> TableDefinition:
    return DeclarativePipelineBuilder("p").gold("t", flow).build().tables[0]


ROWS = read("sales")


@pytest.mark.parametrize(
    ("flow", "keys", "before", "after"),
    [
        (ROWS.aggregate(by="day", n="count(*)"), ("day",), 0, 0),
        (ROWS.where("x > 1").select("day", "x").rename(x="y").aggregate(by="day"), ("day",), 3, 0),
        (ROWS.where(lambda: F.col("x") > 1).aggregate(by="day"), ("day",), 1, 0),
        (ROWS.cast({"x": "int"}, on_error="null").aggregate(by="day"), ("day",), 1, 0),
        (ROWS.join("names", on="shop").aggregate(by="name"), ("name",), 1, 0),
        (ROWS.transform(rows, per="row").aggregate(by="day"), ("day",), 1, 0),
        (ROWS.transform(rows, per=("day", "odd name")), ("`day`", "`odd name`"), 0, 0),
        (ROWS.transform(rows, per="shop"), ("`shop`",), 0, 0),
        (ROWS.pivot("shop", ["a"], by="day", measure="sum(x)"), ("day",), 0, 0),
        (ROWS.aggregate(by="day").transform(rows).deduplicate(), ("day",), 0, 2),
    ],
)
def test_a_flow_is_split_at_the_step_that_makes_groups(
    flow: Flow, keys: tuple[str, ...], before: int, after: int
) -> None:
    found = grouped_flow(table(flow.replace()))
    assert isinstance(found, GroupedFlow)
    assert (found.keys, len(found.before), len(found.after)) == (keys, before, after)


@pytest.mark.parametrize(
    ("flow", "reason"),
    [
        (ROWS.aggregate(by="day").append(), "it is not written by replace()"),
        (from_files("*.csv").aggregate(by="day").replace(), "'*.csv' doesn't tell which rows are new"),
        (ROWS.select("day").replace(), "no step of it makes groups"),
        (ROWS.transform(rows).aggregate(by="day").replace(), "transform(rows) may look at all rows"),
        (ROWS.transform("SELECT * FROM {input}").aggregate(by="day").replace(), "sql may look at all rows"),
        (ROWS.deduplicate().aggregate(by="day").replace(), "deduplicate() compares rows with each other"),
        (ROWS.union("more").aggregate(by="day").replace(), "union(more) adds all rows of other tables"),
        (ROWS.cast({"x": "int"}).aggregate(by="day").replace(), "cast(x) may put rows into quarantine"),
        (ROWS.select("sum(x) AS x").aggregate().replace(), "select(sum(x) AS x) calls sum"),
        (ROWS.where("day > current_date").aggregate().replace(), "calls current_date"),
        (ROWS.aggregate(by="day", n="sum(rand())").replace(), "calls rand"),
        (ROWS.aggregate(by="window(at, '1 day')").replace(), "calls window"),
        (ROWS.join("names", on="shop", how="full").aggregate(by="day").replace(), "is a full join"),
        (
            ROWS.join(read("names").transform(rows), on="shop").aggregate(by="day").replace(),
            "reads names through transform(rows)",
        ),
        (
            ROWS.join(read("names").cast({"x": "int"}), on="shop").aggregate(by="day").replace(),
            "may put rows into quarantine",
        ),
    ],
)
def test_the_step_that_is_in_the_way_is_named(flow: Flow, reason: str) -> None:
    found = grouped_flow(table(flow))
    assert isinstance(found, NotGrouped)
    assert reason in found.reason


def test_only_tables_before_the_groups_bind_them() -> None:
    flow = ROWS.join("names", on="shop").aggregate(by="name").join("prices", on="name").replace()
    found = grouped_flow(table(flow))
    assert isinstance(found, GroupedFlow)
    assert found.tables_before == {"names"}


def _where(keys: list[str], groups: list[tuple[object, ...]], flow: Flow = ROWS) -> object:
    return may_be_of_groups(keys, groups, flow.steps, SCHEMA)


def test_touched_groups_become_a_condition_on_the_source() -> None:
    day = dt.date(2024, 5, 1)
    assert _where(["id"], [(1,), (2,), (1,)]) == col("id").is_in([1, 2])
    assert _where(["id"], [(1,), (None,)]) == col("id").is_in([1]) | col("id").is_null()
    assert _where(["id"], [(None,)]) == col("id").is_null()
    assert _where(["id"], [(n,) for n in range(100)]) == (col("id") >= 0) & (col("id") <= 99)
    assert _where(["day", "shop"], [(day, "a")]) == col("day").is_in([day]) & col("shop").is_in(["a"])
    assert _where(["price"], [(Decimal("1.500"),)]) == col("price").is_in([Decimal("1.500")])
    assert _where(["lower(shop)", "id"], [("a", 1)]) == col("id").is_in([1])


def test_a_day_reaches_over_every_time_zone() -> None:
    first, last = dt.datetime(2024, 4, 29, tzinfo=dt.UTC), dt.datetime(2024, 5, 4, tzinfo=dt.UTC)
    expected = (col("at") >= first) & (col("at") <= last)
    assert _where(["to_date(at)"], [(dt.date(2024, 5, 1),)]) == expected
    month = _where(["date_trunc('month', at)"], [(dt.datetime(2024, 5, 1),)])
    assert month == (col("at") >= first) & (col("at") <= dt.datetime(2024, 6, 3, tzinfo=dt.UTC))


def test_nothing_is_skipped_by_what_is_not_surely_a_column_of_the_source() -> None:
    group = [(1.5,)]
    assert _where(["x"], group) is None
    assert _where(["elsewhere"], [(1,)]) is None
    assert _where(["to_date(shop)"], [(dt.date(2024, 5, 1),)]) is None
    assert _where(["id"], [(1,)], ROWS.transform(rows, per="row")) is None
    assert _where(["id"], [(1,)], ROWS.select("id + 1 AS id")) is None
    assert _where(["id"], [(1,)], ROWS.cast({"id": "int"}, on_error="null")) is None
    assert _where(["id"], [(1,)], ROWS.rename(id="old")) is None
    assert _where(["number"], [(1,)], ROWS.where("x > 1").rename(id="number")) == col("id").is_in([1])
    assert _where(["id"], [(1,)], ROWS.select("*", "x + 1 AS y")) == col("id").is_in([1])
