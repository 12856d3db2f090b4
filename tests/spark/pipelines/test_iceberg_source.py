"""An Iceberg table as a source: its snapshots name what a batch reads.

Iceberg publishes a runtime for each version of Spark, and need not have one for this version yet. So a data source here
has the words of its reader (Iceberg docs, "Spark Queries": time travel, incremental read, inspecting tables).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lakehouse.pipelines import DeclarativePipelineBuilder, Failed, from_table, run_pipeline

pytestmark = pytest.mark.spark


def iceberg_words() -> type:
    """Return a data source that reads a history in JSON: ``[snapshot_id, parent_id, operation, ids]`` a snapshot."""
    from pyspark.sql.datasource import DataSource, DataSourceReader

    class Reader(DataSourceReader):
        def __init__(self, options: Any) -> None:
            self.options = options

        def read(self, partition: Any) -> Iterator[tuple[Any, ...]]:
            import json as parser

            path, _, table = self.options["path"].partition("#")
            with open(path) as file:
                history = {line[0]: line for line in parser.load(file)}
            main = max(history)
            if table == "refs":
                yield ("main", main)
                return
            if table == "snapshots":
                yield from ((number, line[1], line[2]) for number, line in history.items())
                return
            at = int(self.options.get("snapshot-id", self.options.get("end-snapshot-id", main)))
            after = int(self.options.get("start-snapshot-id", -1))
            while at is not None and at != after:
                for each in history[at][3]:
                    yield (each, "more")
                at = history[at][1]

    class Words(DataSource):
        @classmethod
        def name(cls) -> str:
            return "iceberg"

        def schema(self) -> str:
            table = self.options["path"].partition("#")[2]
            known = {
                "refs": "name string, snapshot_id bigint",
                "snapshots": "snapshot_id bigint, parent_id bigint, operation string",
            }
            return known.get(table, "id bigint, more string")

        def reader(self, schema: Any) -> DataSourceReader:
            return Reader(self.options)

    return Words


@pytest.mark.slow
def test_snapshots_are_read_once_and_on_from_the_last(spark: SparkSession, tmp_path: Path) -> None:
    spark.dataSource.register(iceberg_words())
    table, columns = tmp_path / "t", {"id": "bigint"}
    pipeline = (
        DeclarativePipelineBuilder("p")
        .bronze("new", from_table(str(table), format="iceberg", columns=columns, incremental=True).append())
        .bronze("whole", from_table(str(table), format="iceberg", columns=columns).replace())
        .build()
    )

    def run(*history: list[Any]) -> dict[str, Any]:
        table.write_text(json.dumps(history))
        return dict(run_pipeline(pipeline, spark=spark, warehouse=tmp_path / "lake").outcomes)

    def ids(name: str) -> list[int]:
        rows = spark.read.format("delta").load(str(tmp_path / "lake" / "bronze" / name)).collect()
        return sorted(row.id for row in rows)

    first = [[1, None, "append", [1, 2]], [2, 1, "append", [3]]]
    run(*first)
    assert (ids("new"), ids("whole")) == ([1, 2, 3], [1, 2, 3])
    run(*first, [3, 2, "replace", []], [4, 3, "append", [4]])
    assert (ids("new"), ids("whole")) == ([1, 2, 3, 4], [1, 2, 3, 4])
    outcomes = run(*first, [3, 2, "replace", []], [4, 3, "append", [4]], [5, 4, "overwrite", [5]])
    assert isinstance(outcomes["new"], Failed)
    assert "the snapshot 5 is the outcome of 'overwrite'" in str(outcomes["new"].error)
    assert ids("whole") == [1, 2, 3, 4, 5]
