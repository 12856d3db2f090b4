"""Each row goes by the hardest rule that it breaks, and none is lost: against a judgement in plain Python."""

from __future__ import annotations

from collections import Counter

import pytest
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql.functions import col

from lakehouse.quality import (
    CAST_ERRORS,
    CastPolicy,
    ConservationError,
    Expectation,
    ExpectationFailedError,
    RuleAction,
    Tolerance,
    as_struct,
    cast_columns,
    judge,
)
from lakehouse.source_location import caller_location

pytestmark = pytest.mark.spark

HERE = caller_location()
ROWS = [(number, [None, -1, 0, 1, 5][number % 5]) for number in range(100)]


def rule(name: str, condition, action: RuleAction, *, null_is_fine: bool = False) -> Expectation:
    return Expectation(
        name=name, condition=condition, action=action, null_is_fine=null_is_fine, location=HERE
    )


RULES = [
    rule("even", "id % 2 = 0", RuleAction.WARN),
    rule("small", "id < 90", RuleAction.DROP),
    rule("positive", lambda: col("units") > 0, RuleAction.QUARANTINE),
]


@pytest.fixture(scope="module")
def frame(spark: SparkSession) -> DataFrame:
    return spark.createDataFrame(ROWS, "id int, units int").repartition(3)


def broken_by(id_: int, units: int | None) -> list[str]:
    kept = {"even": id_ % 2 == 0, "small": id_ < 90, "positive": units is not None and units > 0}
    return [name for name, holds in kept.items() if not holds]


def fate(id_: int, units: int | None) -> str:
    broken = broken_by(id_, units)
    return "quarantined" if "positive" in broken else "dropped" if "small" in broken else "written"


def test_counts_are_those_of_plain_python(frame: DataFrame) -> None:
    tally = judge(frame, RULES).tally()
    fates = Counter(fate(*row) for row in ROWS)
    assert (tally.written, tally.dropped, tally.quarantined) == (
        fates["written"],
        fates["dropped"],
        fates["quarantined"],
    )
    assert dict(tally.broken) == Counter(name for row in ROWS for name in broken_by(*row))
    assert tally.rows_in == 100


def test_every_row_comes_out_in_exactly_one_place(frame: DataFrame) -> None:
    judgement = judge(frame, RULES)
    kept = {row.id for row in judgement.kept().collect()}
    set_aside = {row.id for row in judgement.quarantined().collect()}
    assert kept == {row[0] for row in ROWS if fate(*row) == "written"}
    assert set_aside == {row[0] for row in ROWS if fate(*row) == "quarantined"}
    assert judgement.kept().columns == ["id", "units"]


def test_a_quarantined_row_lists_every_rule_that_it_breaks(frame: DataFrame) -> None:
    for row in judge(frame, RULES).quarantined().collect():
        assert [error.rule for error in row["_errors"]] == broken_by(row.id, row.units)
        if row.id % 2 != 0:
            assert row["_errors"][0].message == "not (id % 2 = 0)"


def test_null_counts_as_broken_unless_the_rule_says_otherwise(frame: DataFrame) -> None:
    strict = judge(frame, [rule("positive", "units > 0", RuleAction.DROP)]).tally()
    lenient = judge(frame, [rule("positive", "units > 0", RuleAction.DROP, null_is_fine=True)]).tally()
    assert strict.dropped - lenient.dropped == sum(1 for _, units in ROWS if units is None) == 20


def test_a_fatal_rule_names_itself_its_rows_and_a_way_out(frame: DataFrame) -> None:
    judgement = judge(frame, [rule("few", "id < 98", RuleAction.FAIL)])
    tally = judgement.tally()
    assert tally.failed == 2
    with pytest.raises(ExpectationFailedError, match=r"2 rows for 't'.*'few' \(id < 98\).*id=9[89].*Fix:"):
        judgement.check_fatal(tally, table="t")


def test_rows_that_went_missing_before_the_rules_are_an_error(frame: DataFrame) -> None:
    tally = judge(frame, RULES).tally().with_rows_in(101)
    with pytest.raises(ConservationError, match=r"'t': of 101 rows read.*make 100.*Fix:"):
        tally.check_conservation(table="t")


CASTS = [
    ("17850.0", "int", 17850),
    ("17850.5", "int", None),
    (" 7 ", "int", 7),
    ("2147483648", "int", None),
    ("9223372036854775807", "bigint", 9223372036854775807),
    ("1.25", "decimal(10,2)", "1.25"),
    ("1.255", "decimal(10,2)", None),
    ("-0.50", "decimal(10,2)", "-0.50"),
    ("123456789.00", "decimal(10,2)", None),
    ("2010-12-01 00:00:00", "date", "2010-12-01"),
    ("2010-12-01 08:26:00", "date", None),
    ("2010-13-01", "date", None),
    ("yes", "boolean", True),
    ("maybe", "boolean", None),
    ("1e3", "double", 1000.0),
    ("abc", "double", None),
]


@pytest.mark.parametrize(("text", "type_", "expected"), CASTS)
def test_a_value_is_cast_whole_or_noted_with_its_text(
    spark: SparkSession, text: str, type_: str, expected: object
) -> None:
    frame = spark.createDataFrame([(text,)], "x string")
    (row,) = cast_columns(frame, as_struct({"x": type_}), on_error=CastPolicy.QUARANTINE).collect()
    if expected is None:
        assert row.x is None
        message = f"x is '{text}', which is no {type_}"
        assert row[CAST_ERRORS] == [Row(rule="cast(x)", message=message)]
    else:
        assert str(row.x) == str(expected)
        assert row[CAST_ERRORS] is None


def test_null_stays_null_and_is_no_failed_cast(spark: SparkSession) -> None:
    frame = spark.createDataFrame([(None,)], "x string")
    (row,) = cast_columns(frame, as_struct({"x": "int"}), on_error=CastPolicy.QUARANTINE).collect()
    assert (row.x, row[CAST_ERRORS]) == (None, None)


def test_casting_twice_keeps_the_errors_of_both(spark: SparkSession) -> None:
    frame = spark.createDataFrame([("a", "1"), ("1", "b"), ("a", "b"), ("1", "1")], "x string, y string")
    once = cast_columns(frame, as_struct({"x": "int"}), on_error=CastPolicy.QUARANTINE)
    twice = cast_columns(once, as_struct({"y": "int"}), on_error=CastPolicy.QUARANTINE)
    rules = [[error.rule for error in row[CAST_ERRORS] or []] for row in twice.collect()]
    assert rules == [["cast(x)"], ["cast(y)"], ["cast(x)", "cast(y)"], []]


def test_a_failed_cast_puts_its_row_into_quarantine(spark: SparkSession) -> None:
    frame = spark.createDataFrame([("a",), ("1",)], "x string")
    judgement = judge(cast_columns(frame, as_struct({"x": "int"}), on_error=CastPolicy.QUARANTINE), [])
    tally = judgement.tally()
    assert (tally.written, tally.quarantined, tally.broken["cast"]) == (1, 1, 1)
    assert judgement.kept().columns == ["x"]


@pytest.mark.parametrize(("at_most", "is_kept"), [("40 %", True), ("< 40 %", False), (40, True), (39, False)])
def test_rows_stay_until_more_of_them_break_a_rule_than_it_tolerates(
    frame: DataFrame, at_most: int | str, is_kept: bool
) -> None:
    """40 of the 100 rows have neither NULL nor a number below 1 as their units."""
    tolerated = [
        Expectation(
            name="few",
            condition="coalesce(units, 0) < 1",
            action=action,
            at_most=Tolerance.of(at_most),
            location=HERE,
        )
        for action in (RuleAction.DROP, RuleAction.FAIL)
    ]
    judgement, tally = judge(frame, [RULES[2], tolerated[0]]).counted()
    assert tally.broken["few"] == 40
    assert tally.dropped == (0 if is_kept else 40)
    assert judgement.kept().count() == tally.written == (40 if is_kept else 0)
    assert judgement.quarantined().count() == tally.quarantined == 60
    fatal, tally = judge(frame, [tolerated[1]]).counted()
    assert tally.failed == (0 if is_kept else 40)
    if is_kept:
        fatal.check_fatal(tally, table="t")
    else:
        with pytest.raises(ExpectationFailedError):
            fatal.check_fatal(tally, table="t")
