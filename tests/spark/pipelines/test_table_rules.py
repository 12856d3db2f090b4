"""Rules about a row among other rows, and about all rows of a table, judge as plain Python does."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from landing import COLUMNS, Lake, shop
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.pipelines import (
    DeclarativePipelineBuilder,
    DefinitionErrors,
    LookUpRule,
    PipelineDefinition,
    Refreshed,
    RuleContext,
    RunResult,
    WholeRule,
    from_files,
    read,
    word,
)
from lakehouse.pipelines.refresh import rows_by_key
from lakehouse.quality import WholeExpectationFailedError

pytestmark = pytest.mark.spark

TYPED = read("raw", incremental=True).cast(COLUMNS)


@word("has_twin")
@dataclass(frozen=True, slots=True, kw_only=True)
class HasTwin(LookUpRule):
    """A rule from outside: the table ``known`` has a row of the same id."""

    @property
    def name(self) -> str:
        return "has_twin"

    @property
    def why_broken(self) -> str:
        return "no twin"

    def marked(self, rows: DataFrame, mark: str, context: RuleContext) -> DataFrame:
        twins = context.rows_of("known", rows, {"id": "id"}).select(F.col("id").alias("twin")).distinct()
        found = rows.join(twins, F.col("id") == F.col("twin"), "left")
        return found.withColumn(mark, F.col("twin").isNull()).drop("twin")

    def tables(self) -> Any:
        return read("known").source.tables()


@word("sum_below")
@dataclass(frozen=True, slots=True, kw_only=True)
class SumBelow(WholeRule):
    """A rule from outside: a batch's sum is below a number."""

    column: str
    maximum: int

    @property
    def name(self) -> str:
        return f"sum_below({self.column})"

    def measure(self, stays: Column) -> Column:
        return F.sum(F.when(stays, F.col(self.column)))

    def why_broken(self, measured: Any, context: RuleContext) -> str | None:
        return None if (measured or 0) < self.maximum else f"the sum is {measured}"


def largest(frame: DataFrame) -> DataFrame:
    return frame.groupBy("id").agg(F.max("units").alias("units"))


def definition() -> PipelineDefinition:
    judged = TYPED.unique("id").references("known", "units", to="id", action="warn")
    counted = read("raw").cast(COLUMNS).row_count(3, 5, action="quarantine")
    few = TYPED.transform(largest).expect_or_quarantine("few", "units <> 8")
    return shop(
        known=("silver", read("raw").cast(COLUMNS).where("id % 2 = 0").replace()),
        orders=("silver", judged.append()),
        merged=("silver", TYPED.transform(largest).unique("units", action="drop").merge("id")),
        grown=("silver", few.row_count(maximum=4, action="warn").merge("id")),
        counted=("gold", counted.replace()),
        staff=("silver", TYPED.references("staff", "units", to="id", action="drop").append()),
    )


def tally_of(result: RunResult, table: str) -> Any:
    outcome = result.outcomes[table]
    assert isinstance(outcome, Refreshed)
    return outcome.refreshes[-1].tally


def unique_in(rows: Sequence[tuple[Any, ...]], held: set[Any]) -> list[tuple[Any, ...]]:
    """The oracle: rows whose id is there once, and not in the table; NULL equals nothing."""
    counts = Counter(row[0] for row in rows)
    return [row for row in rows if row[0] is None or (counts[row[0]] == 1 and row[0] not in held)]


def test_keys_references_and_counts_are_judged_against_the_whole_table(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows_by_key, "_FEW_FILES", 0)  # keys are looked at before files are
    lake = Lake(spark, tmp_path)
    first = [(1, 2, "2024-01-01"), (2, 2, "2024-01-01"), (2, 9, "2024-01-01"), (None, 4, "2024-01-01")]
    lake.land("a.csv", *first)
    result = lake.run(definition())
    assert not result.failures, result.failures

    kept = unique_in(first, set())
    assert lake.rows("silver/orders", "id") == sorted(((row[0],) for row in kept), key=repr)
    errors = lake.rows("silver/orders_quarantine", "_errors")
    message = "another row has the same id"
    assert ("unique(id)", message) in {tuple(error) for (row,) in errors for error in row}
    # Units 2 and 2 are ids of known (2, 2), 9 and 4 are not.
    assert tally_of(result, "orders").broken == {"unique(id)": 2, "references(units)": 2, "cast": 0}
    assert lake.rows("silver/merged", "id", "units") == [(1, 2), (2, 9), (None, 4)]
    assert len(lake.rows("gold/counted")) == 4
    # Rows of the batch are looked up in the batch itself: 2 is an id of it, 9 and 4 are not.
    assert lake.rows("silver/staff", "id", "units") == [(1, 2), (2, 2)]

    second = [
        (1, 2, "2024-01-02"),
        (2, 2, "2024-01-02"),
        (5, 9, "2024-01-02"),
        (None, 8, "2024-01-02"),
        (7, 90, "2024-01-02"),
    ]
    lake.land("b.csv", *second)
    result = lake.run(definition())
    kept += unique_in(second, {row[0] for row in kept} - {None})
    assert lake.rows("silver/orders", "id", "units") == sorted(((r[0], r[1]) for r in kept), key=repr)
    # 1 and 2 have the same units now, so that neither is taken, and 2 keeps its 9, which 5 has too. The key NULL is
    # merged like any other.
    assert lake.rows("silver/merged", "id", "units") == [(1, 2), (2, 9), (7, 90), (None, 8)]
    assert not result.failures, result.failures
    # The row of the key NULL is set aside, and the one that the table holds stays: five rows, not four.
    assert lake.rows("silver/grown", "id", "units") == [(1, 2), (2, 2), (5, 9), (7, 90), (None, 4)]
    assert tally_of(result, "grown").broken == {"few": 1, "row_count": 5, "cast": 0}
    # The table's own row 2 is still there; 9, 8 and 90 are ids neither of the batch nor of the table.
    assert lake.rows("silver/staff", "id", "units") == [(1, 2), (1, 2), (2, 2), (2, 2)]
    # Of nine rows at most five are expected: all of the result is set aside.
    assert lake.rows("gold/counted") == []
    assert len(lake.rows("gold/counted_quarantine")) == 9
    assert tally_of(result, "counted").broken == {"row_count": 9, "cast": 0}
    assert lake.rows("gold/counted_quarantine", "_errors")[0][0][0].message == (
        "the table has 9 rows, at most 5 are expected"
    )


def test_a_row_that_is_taken_out_counts_for_no_other(spark: SparkSession) -> None:
    day = "2024-01-01"
    bad, good, other = (1, 500, day), (1, 1, day), (2, 2, day)
    chain = [(3, 99, day), (4, 3, day), (5, 4, day), (6, 1, day), (7, "many", day), (8, 7, day)]
    flow = TYPED.expect_or_quarantine("few", lambda: F.col("units") < 100)
    case = shop(
        once=("silver", flow.unique("id").append()),
        staff=("silver", flow.references("staff", "units", to="id").append()),
        counted=("silver", TYPED.expect("few", "units < 100").unique("id").append()),
    ).test(inputs={"raw": [bad, good, other, *chain]}, spark=spark)

    case.expect("once", [{"id": number} for number in (1, 2, 3, 4, 5, 6, 8)])
    # 3 refers to nothing, and so 4 and 5 do; 8 refers to a row whose cast fails.
    case.expect("staff", [{"id": number} for number in (1, 2, 6)])
    case.quarantined("staff", [{"id": number} for number in (3, 4, 5, 8, 1)], rule="references(units)")
    # What only warns takes nobody out.
    case.quarantined("counted", [{"id": 1}, {"id": 1}], rule="unique(id)")


def test_rules_from_outside_look_rows_up_and_measure_a_whole_batch(
    spark: SparkSession, tmp_path: Path
) -> None:
    rows = [(1, 2, "2024-01-01"), (2, 2, "2024-01-01"), (2, 9, "2024-01-01"), (7, 90, "2024-01-02")]
    definition = shop(
        known=("silver", TYPED.append()),
        twins=("silver", TYPED.has_twin(action="drop").append()),
        small=("silver", TYPED.sum_below("units", 100).append()),
    )
    case = definition.test(inputs={"raw": rows, "known": [(2, 0, "2024-01-01")]}, spark=spark)
    case.expect("twins", [{"id": 2, "units": 2}, {"id": 2, "units": 9}])
    with pytest.raises(
        WholeExpectationFailedError, match=r"breaks the rule 'sum_below\(units\)': the sum is 103"
    ):
        case.rows("small")
    definition.test(inputs={"raw": rows[:3]}, spark=spark).expect("small", [{"id": n} for n in (1, 2, 2)])


def test_a_stale_table_fails_in_each_run_also_in_one_that_finds_nothing_new(
    spark: SparkSession, tmp_path: Path
) -> None:
    lake, today = Lake(spark, tmp_path), dt.datetime.now(dt.UTC).date()

    def fresh(within: str, **more: Any) -> PipelineDefinition:
        builder = DeclarativePipelineBuilder("shop").variable("landing", default="none")
        for name, length in {"clean": within, **more}.items():
            typed = from_files("${landing}/*.csv", columns=COLUMNS).cast(COLUMNS)
            builder.silver(name, typed.freshness("day", within=length).row_count(1).append())
        return builder.build()

    lake.land("a.csv", (1, 1, today - dt.timedelta(days=5)))
    (stale,) = lake.run(fresh("8 days", strict="2 days")).failures
    assert stale.table == "strict"
    assert "no day is younger than 2 days" in str(stale.error)
    lake.land("b.csv", (2, 1, today - dt.timedelta(days=90)))
    assert lake.run(fresh("8 days")).status == "ok"  # the table has a younger one
    assert lake.run(fresh("8 days")).status == "nothing new"
    (again,) = lake.run(fresh("2 days")).failures
    assert "no day is younger than 2 days" in str(again.error)
    assert lake.commits("silver/clean") == 2


def test_validate_finds_what_a_rule_about_other_rows_names_wrongly(
    spark: SparkSession, tmp_path: Path
) -> None:
    lake = Lake(spark, tmp_path)
    lake.land("a.csv", (1, 1, "2024-01-01"))
    wrong = TYPED.unique("idd").references("known", "units", to="nothing").freshness("dya", within="1 day")
    texts = read("raw", incremental=True).references("known", "id").append()
    with pytest.raises(DefinitionErrors) as refused:
        lake.run(
            shop(known=("silver", TYPED.append()), clean=("silver", wrong.append()), t=("silver", texts))
        )
    message = str(refused.value)
    assert "the rule 'unique(idd)' of 'clean' names the column 'idd'" in message
    assert "the rule 'references(units)' of 'clean' names the column 'nothing'" in message
    assert "the rule 'freshness(dya)' of 'clean' names the column 'dya'" in message
    assert (
        "the rule 'references(id)' of 't' can't work: 'id' is string, and 'id' of 'known' is int" in message
    )
