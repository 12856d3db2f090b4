"""A case of a test: rows go in, and the tables that come of them are compared with those that are expected."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from lakehouse.pipelines.check.graph import graph_of
from lakehouse.pipelines.declare.definition import PipelineDefinition
from lakehouse.pipelines.declare.sources import GivenRow, frame_of_rows
from lakehouse.pipelines.errors import DefinitionErrors, UnknownColumnError
from lakehouse.pipelines.testing.differences import difference
from lakehouse.pipelines.testing.errors import UnexpectedRowsError
from lakehouse.pipelines.testing.small_work import small_work
from lakehouse.pipelines.testing.tables import CaseTables
from lakehouse.source_location import caller_location
from lakehouse.spark_session import SparkSessionFactory

__all__ = ["PipelineCase"]


class PipelineCase:
    """The tables that a definition makes of some rows. Each is computed when it is asked for, and once.

    A table that is among the inputs is taken as it is given. Rows are mappings by name, or sequences in the order of
    the table's columns; those that begin with ``_`` may be left out. A text stands for a value of any type.
    """

    def __init__(
        self,
        definition: PipelineDefinition,
        inputs: Mapping[str, DataFrame | Sequence[GivenRow]],
        *,
        spark: SparkSession | None = None,
        variables: Mapping[str, Any] | None = None,
        now: dt.datetime | None = None,
    ) -> None:
        """``spark`` is the session that is there, or a small local one; ``now`` is what freshness is judged by."""
        graph = graph_of(definition.with_variables(variables or {}))
        if graph.problems:
            raise DefinitionErrors(graph.problems)
        self._spark = spark or SparkSession.getActiveSession() or _small_session()
        self._tables = CaseTables(graph, inputs, self._spark, now=now or dt.datetime.now(dt.UTC))

    def frame(self, table: str) -> DataFrame:
        """Return the rows of a table."""
        return self._tables.get(table).rows

    def rows(self, table: str) -> list[Row]:
        """Return the rows of a table, in no order."""
        return self.frame(table).collect()

    def broken(self, table: str) -> dict[str, int]:
        """Return how many rows break each rule of a table."""
        tally = self._tables.get(table).tally
        return {} if tally is None else dict(tally.broken)

    def expect(self, table: str, rows: Sequence[GivenRow]) -> PipelineCase:
        """Compare a table with the rows that it should have, in any order; columns that they don't name don't count.

        Raises UnexpectedRowsError, an AssertionError, with what differs.
        """
        self._compare(table, self.frame(table), rows, what="")
        return self

    def quarantined(self, table: str, rows: Sequence[GivenRow], *, rule: str | None = None) -> PipelineCase:
        """Compare the rows that are set aside from a table, or of these just the ones that break ``rule``."""
        aside = self._tables.get(table).quarantined
        if aside is None:
            aside = self.frame(table).limit(0)
        elif rule is not None:
            aside = aside.where(F.exists("_errors", lambda each: each["rule"] == rule))
        of_rule = f" by {rule!r}" if rule is not None else ""
        self._compare(table, aside, rows, what=f"the quarantine{of_rule} of ")
        return self

    def _compare(self, table: str, frame: DataFrame, rows: Sequence[GivenRow], *, what: str) -> None:
        columns = _columns(rows, frame.columns)
        for missing in (name for name in columns if name not in frame.columns):
            raise UnknownColumnError(
                column=missing,
                available=frame.columns,
                step=f"the expectation of {table!r}",
                location=caller_location(),
            )
        shown = frame.select(*(f"`{name}`" for name in columns))
        cells = [tuple(map(row.get, columns)) if isinstance(row, Mapping) else tuple(row) for row in rows]
        wanted = frame_of_rows(self._spark, cells, StructType(shown.schema.fields))
        with small_work(self._spark):
            expected, found = _tuples(wanted.collect()), _tuples(shown.collect())
        if (text := difference(expected, found, columns)) is not None:
            raise UnexpectedRowsError(f"{what}{table!r} differs: {text}")


def _columns(rows: Sequence[GivenRow], there: Sequence[str]) -> list[str]:
    """Return the columns that rows name; of sequences, those that begin with ``_`` only where they are that long."""
    first = rows[0] if rows else {}
    if isinstance(first, Mapping):
        named = dict.fromkeys(name for row in rows if isinstance(row, Mapping) for name in row)
        return list(named) or list(there)
    visible = [name for name in there if not name.startswith("_")]
    return visible if len(first) == len(visible) else list(there)


def _tuples(rows: Sequence[Row]) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in rows]


def _small_session() -> SparkSession:
    return SparkSessionFactory.local(cores=1, conf={"spark.sql.shuffle.partitions": "1"}).create("tests")


PipelineDefinition.tester = PipelineCase
