"""Comments, tags, owner and properties of a table are those declared, as Spark sees them, in every write mode."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from landing import TYPED, Lake
from pyspark.sql import SparkSession

from lakehouse.delta_log import Snapshot
from lakehouse.optimization import Status
from lakehouse.pipelines import (
    DeclarativePipelineBuilder,
    DefinitionErrors,
    PipelineDefinition,
    TableOptions,
    from_files,
    read,
    read_yaml_definition,
)

pytestmark = pytest.mark.spark

MODES = {
    "added": TYPED.append(),
    "merged": TYPED.merge("id"),
    "replaced": read("raw").select("id", "day").replace(),
}


def shop(**options: Any) -> PipelineDefinition:
    builder = DeclarativePipelineBuilder("shop").variable("landing", default="none")
    builder.bronze("raw", from_files("${landing}/*.csv", columns=("id", "units", "day")))
    for name, flow in MODES.items():
        builder.silver(name, flow, **options)
    builder.gold("days", read("raw").select("id", "day").replace(), **options, partition_by=["day"])
    return builder.build()


def described(lake: Lake, table: str) -> tuple[str | None, str | None, dict[str, str], list[str]]:
    path = lake.warehouse / table
    columns = lake.spark.read.format("delta").load(str(path)).schema
    detail = lake.spark.sql(f"DESCRIBE DETAIL delta.`{path}`").first()
    assert detail is not None
    tags = {name: value for name, value in detail.properties.items() if name.startswith("lakehouse.")}
    return detail.description, columns["day"].metadata.get("comment"), tags, detail.partitionColumns


@pytest.mark.slow
def test_what_is_declared_is_kept_by_every_write_mode_and_changed_in_place(
    spark: SparkSession, tmp_path: Path
) -> None:
    lake = Lake(spark, tmp_path)
    first = shop(comment="Sales", columns={"day": "of the sale"}, tags={"domain": "sales"}, owner="ann")
    tables = ["silver/added", "silver/merged", "silver/replaced", "gold/days"]
    tags = {"lakehouse.tag.domain": "sales", "lakehouse.owner": "ann"}
    for number in range(2):
        lake.land(f"{number}.csv", (number, 1, "2024-01-01"), (9, number, "2024-01-02"))
        result = lake.run(first)
        assert result.status == "ok", result.outcomes
        for table in tables:
            partitions = ["day"] if table == "gold/days" else []
            assert described(lake, table) == ("Sales", "of the sale", tags, partitions), table
    commits = {table: lake.commits(table) for table in tables}
    assert lake.run(first).status == "nothing new"
    assert {table: lake.commits(table) for table in tables} == commits

    changed = shop(comment="All sales", tags={"domain": "shop"})
    assert lake.run(changed).status == "nothing new"
    tags["lakehouse.tag.domain"] = "shop"
    for table in tables:
        assert described(lake, table)[:3] == ("All sales", "of the sale", tags), table
    rows = lake.rows("silver/merged", "id")
    lake.land("2.csv", (5, 1, "2024-01-03"))
    assert lake.run(changed).status == "ok"
    assert lake.rows("silver/merged", "id") == sorted([*rows, (5,)])
    assert described(lake, "gold/days") == ("All sales", "of the sale", tags, ["day"])


@pytest.mark.slow
def test_a_run_maintains_what_it_wrote_and_the_next_one_goes_on_from_there(
    spark: SparkSession, tmp_path: Path
) -> None:
    lake = Lake(spark, tmp_path)
    builder = DeclarativePipelineBuilder("shop").variable("landing", default="none")
    builder.bronze("raw", from_files("${landing}/*.csv", columns=("id", "units", "day")))
    builder.silver("added", TYPED.append(), maintain="auto")
    builder.gold("seen", read("added", incremental=True).append())
    for number in range(3):
        lake.land(f"{number}.csv", (number, 1, "2024-01-01"))
        result = lake.run(builder.build())
        assert result.status == "ok", result.outcomes
    assert [each.status for each in result.maintenance["added"]] == [Status.DONE]
    assert result.warnings == ()
    assert Snapshot.load(lake.warehouse / "silver/added").files().num_rows == 1
    for table in ("silver/added", "gold/seen"):
        assert lake.rows(table, "id") == [(0,), (1,), (2,)], table


def test_a_comment_on_a_column_that_is_not_there_is_found_by_validate(
    spark: SparkSession, tmp_path: Path
) -> None:
    lake = Lake(spark, tmp_path)
    lake.land("a.csv", (1, 1, "2024-01-01"))
    with pytest.raises(
        DefinitionErrors, match=r"the comments of 'added' of 'added' names the column 'dya'.*'day'"
    ):
        lake.run(shop(columns={"dya": "typo"}))


def test_yaml_says_the_same(tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(
        "name: shop\ntables:\n  - name: t\n    layer: gold\n    flow: {read: {table: raw}}\n    write: replace\n"
        "    options: {comment: Sales, columns: {day: of the sale}, tags: {domain: sales}, owner: ann}\n"
    )
    declared = TableOptions(
        comment="Sales", columns={"day": "of the sale"}, tags={"domain": "sales"}, owner="ann"
    )
    assert read_yaml_definition(tmp_path / "shop.yaml").tables[0].options == declared
