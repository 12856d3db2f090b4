"""The library's rules judge as plain Python does; queries and unions give what Python's own loops give."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from landing import Lake
from pyspark.sql import SparkSession

from lakehouse.pipelines import (
    DeclarativePipelineBuilder,
    DefinitionErrors,
    PipelineDefinition,
    from_files,
    read,
    sql,
)

pytestmark = pytest.mark.spark

ROWS = [
    ("1", "open", "5", "A-1"),
    ("2", "closed", "10", "B-22"),
    ("3", "lost", "0", "A-1\n"),
    ("4", "", "11", "xA-1"),
    ("", "open", "", ""),
    ("6", "Open", "-1", "A-1x"),
]
OTHERS = [("7", "old", "1", "Z-9"), ("x8", "old", "2", "Z-9"), ("1", "open", "5", "A-1")]


def definition() -> PipelineDefinition:
    names = ("id", "status", "units", "code")
    typed = read("orders_raw", incremental=True).cast({"id": "int", "units": "int"})
    judged = (
        typed.not_null("id")
        .accepted("status", ["open", "closed", "Open"])
        .between("units", 0, 10)
        .matches("code", r"[A-Z]-\d+")
        .append()
    )
    old = read("old_raw").cast({"id": "int"}).select("code", "id")
    return (
        DeclarativePipelineBuilder("shop")
        .variable("landing", default="none")
        .bronze("orders_raw", from_files("${landing}/orders*.csv", columns=names))
        .bronze("old_raw", from_files("${landing}/old*.csv", columns=names))
        .silver("orders", judged)
        .gold("codes", read("orders").select("id", "code").union(old).replace())
        .gold(
            "by_code",
            sql(
                "SELECT code, count(*) AS orders, '{{code}}' AS text FROM {orders} "
                "JOIN {old_raw} o USING (code) WHERE o.code RLIKE '.{1}-.*' GROUP BY code"
            ).replace(),
        )
        .build()
    )


def broken_by(row: tuple[str, ...]) -> set[str]:
    id_, status, units, code = row
    found = set()
    if not id_:
        found.add("not_null(id)")
    if status and status not in ("open", "closed", "Open"):
        found.add("accepted(status)")
    if units and not 0 <= int(units) <= 10:
        found.add("between(units)")
    if code and not re.fullmatch(r"[A-Z]-\d+", code):
        found.add("matches(code)")
    return found


def test_rules_queries_and_unions_in_one_pipeline(spark: SparkSession, tmp_path: Path) -> None:
    lake = Lake(spark, tmp_path)
    header = "id,status,units,code"
    lake.land(
        "orders.csv", *(tuple(f'"{cell}"' if cell else "" for cell in row) for row in ROWS), header=header
    )
    lake.land("old.csv", *OTHERS, header=header)
    assert lake.run(definition()).status == "ok"

    good = [row for row in ROWS if not broken_by(row)]
    assert lake.rows("silver/orders", "id") == sorted((int(row[0]),) for row in good)
    quarantined = lake.rows("silver/orders_quarantine", "id", "_errors")
    assert {id_: {error.rule for error in errors} for id_, errors in quarantined} == {
        int(row[0]) if row[0] else None: broken_by(row) for row in ROWS if broken_by(row)
    }
    # A column that the other flow can't cast reaches the quarantine; what it can, comes by name.
    assert lake.rows("gold/codes", "id", "code") == sorted(
        [(int(row[0]), row[3]) for row in [*good, *OTHERS] if row[0].isdigit()], key=repr
    )
    assert lake.rows("gold/codes_quarantine", "code") == [("Z-9",)]
    assert lake.rows("gold/by_code") == [("A-1", 1, "{code}")]
    assert lake.run(definition()).status == "nothing new"


def test_a_query_over_an_unknown_column_and_a_union_of_other_columns_are_found_by_validate(
    spark: SparkSession, tmp_path: Path
) -> None:
    lake = Lake(spark, tmp_path)
    builder = DeclarativePipelineBuilder("shop").variable("landing", default="none")
    builder.bronze("a", from_files("${landing}/*.csv", columns=("id", "day")))
    lake.land("a.csv", (1, "2024-01-01"), header="id,day")
    builder.gold("b", sql("SELECT dya FROM {a}").replace())
    builder.gold("c", read("a").union(read("a").select("id")).replace())
    builder.gold("d", read("a").matches("nothing", "x").replace())
    with pytest.raises(DefinitionErrors) as refused:
        lake.run(builder.build())
    text = str(refused.value)
    assert "sql of 'b' names the column 'dya'" in text
    assert "union(a) of 'c' names the column 'day', which its input does not have" in text
    assert "the rule 'matches(nothing)' of 'd' names the column 'nothing'" in text
