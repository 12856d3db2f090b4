"""A run is killed for real, and the next one finishes its work: the quick witness for the slow tests of each step."""

from __future__ import annotations

from pathlib import Path

from pyspark.sql import SparkSession

from tests.faults.small_lake import Rows, SmallLake

SMALL = """\
name: small
variables: {landing: none}
tables:
  - name: raw
    layer: bronze
    flow: {from_files: {pattern: "${landing}/*.csv", columns: [id, units, day]}}
    write: append
  - name: sales
    layer: silver
    flow:
      read: {table: raw, incremental: true}
      steps: [{cast: {schema: {id: bigint, units: int}}}, {deduplicate: {keys: id, keep: any}}]
      expect_or_quarantine: {positive: "units > 0"}
    write: append
  - name: daily
    layer: gold
    flow:
      read: {table: sales}
      steps: [{aggregate: {by: [day], measures: {units: sum(units), sales: count(DISTINCT id)}}}]
    write: replace
    options: {refresh_policy: incremental}
"""
FIRST: Rows = [(n, n, f"d{n % 3}") for n in range(9)]
SECOND: Rows = [(8, 8, "d2"), (20, 7, "d1"), (21, -1, "d1"), (22, 9, "d8")]
"""A sale that is known, two of which one touches a group of before, and one that a rule sets aside."""


def test_a_killed_run_is_finished_by_the_next(spark: SparkSession, tmp_path: Path) -> None:
    """Gold's groups are kept and its result is not published. Rows by sums that are worked out here."""
    lake = SmallLake(spark, tmp_path, SMALL)
    lake.land("1.csv", FIRST)
    assert lake.go() == "ok"
    lake.land("2.csv", SECOND)
    lake.killed(("daily", "validate", "group"))
    assert lake.rows("gold/daily", "day", "units", "sales") == [("d0", 9, 2), ("d1", 12, 3), ("d2", 15, 3)]
    assert lake.go() == "ok"
    assert lake.rows("silver/sales", "id") == [*((n,) for n in range(1, 9)), (20,), (22,)]
    assert lake.rows("silver/sales_quarantine", "id") == [(0,), (21,)]
    assert lake.rows("gold/daily", "day", "units", "sales") == [
        ("d0", 9, 2),
        ("d1", 19, 4),
        ("d2", 15, 3),
        ("d8", 9, 1),
    ]
    assert lake.go() == "nothing new"
