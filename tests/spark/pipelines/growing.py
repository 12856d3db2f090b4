"""A table that tests append to without Spark, and the Gold tables that read it."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

from lakehouse.delta_log import TransactionManager
from lakehouse.pipelines import (
    DeclarativePipelineBuilder,
    Flow,
    Inputs,
    NewInputs,
    PipelineDefinition,
    ReadRequest,
    Refresh,
    Refreshed,
    RunListener,
    RunResult,
    Source,
    SourceContext,
    TableOptions,
    run_pipeline,
)
from lakehouse.source_location import caller_location
from tests.stored_rows import stored_rows

__all__ = ["SALES", "Growing"]

SALES = pa.schema(
    [
        ("id", pa.int64()),
        ("shop", pa.string()),
        ("day", pa.date32()),
        ("at", pa.timestamp("us", tz="UTC")),
        ("units", pa.int32()),
        ("price", pa.decimal128(10, 3)),
        ("weight", pa.float64()),
        ("paid", pa.bool_()),
    ]
)
_DDL = "id bigint, shop string, day date, at timestamp, units int, price decimal(10,3), weight double, paid boolean"


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere(Source):
    """Rows that the test itself writes into the table."""

    ddl: str

    def schema(self, upstream: Mapping[str, StructType]) -> StructType:
        return StructType.fromDDL(self.ddl)

    def next_inputs(self, context: SourceContext, table: str, history: Sequence[Inputs]) -> NewInputs | None:
        return None

    def read(self, context: SourceContext, request: ReadRequest) -> DataFrame:
        raise AssertionError("nobody asks")


class Growing:
    """A warehouse with ``sales`` and ``names``, which grow by ``add``."""

    _numbers = itertools.count()

    def __init__(self, spark: SparkSession, folder: Path) -> None:
        self.spark = spark
        self.warehouse = folder / f"lake-{next(self._numbers)}"

    def definition(
        self, tables: Mapping[str, Flow], *, policy: str = "auto", layer: str = "gold"
    ) -> PipelineDefinition:
        """Return a pipeline whose Gold tables are ``tables``."""
        here = caller_location()
        builder = DeclarativePipelineBuilder("growing")
        builder.silver("sales", Flow(source=Elsewhere(ddl=_DDL, location=here)).append())
        builder.silver(
            "names", Flow(source=Elsewhere(ddl="shop string, name string", location=here)).append()
        )
        for name, flow in tables.items():
            options = TableOptions(refresh_policy=policy)  # type: ignore[arg-type]
            builder.table(name, flow, layer=layer, options=options)
        return builder.build()

    def add(self, *rows: Mapping[str, Any], files: int = 1) -> None:
        """Append rows to ``sales`` in one commit of so many files."""
        with TransactionManager().transaction(str(self.warehouse / "silver/sales")) as transaction:
            for number in range(files):
                transaction.append(pa.Table.from_pylist(list(rows[number::files]), schema=SALES))

    def name(self, **names: str) -> None:
        """Put names of shops in place of all that there were."""
        rows = [{"shop": shop, "name": name} for shop, name in names.items()]
        schema = pa.schema([("shop", pa.string()), ("name", pa.string())])
        path = str(self.warehouse / "silver/names")
        with TransactionManager().transaction(path) as transaction:
            transaction.append(pa.Table.from_pylist(rows, schema=schema))

    def run(
        self, definition: PipelineDefinition, *tables: str, listener: RunListener | None = None
    ) -> RunResult:
        """Run the Gold tables once; all of them must succeed unless somebody listens."""
        result = run_pipeline(
            definition, spark=self.spark, warehouse=self.warehouse, select=tables, listener=listener
        )
        assert listener is not None or not result.failures, [each.error for each in result.failures]
        return result

    def rows(self, table: str) -> list[tuple[Any, ...]]:
        """Return a table's rows, sorted."""
        return sorted(stored_rows(self.spark, self.warehouse / table), key=repr)

    def sql(self, query: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query over all of ``{sales}`` and ``{names}``, sorted."""
        frames = {
            name: self.spark.read.format("delta").load(str(self.warehouse / "silver" / name))
            for name in ("sales", "names")
            if f"{{{name}}}" in query
        }
        return sorted((tuple(row) for row in self.spark.sql(query, **frames).collect()), key=repr)

    @staticmethod
    def refresh(result: RunResult, table: str) -> Refresh:
        """Return the last refresh of a table in a run."""
        outcome = result.outcomes[table]
        assert isinstance(outcome, Refreshed)
        return outcome.refreshes[-1]
