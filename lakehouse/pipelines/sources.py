"""Where a flow's rows come from. A new kind of source is a class that keeps the promise of ReadableSource."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pyspark.sql import DataFrame
from pyspark.sql.types import StructType

from lakehouse.ingestion import raw_schema
from lakehouse.pipelines.errors import ReplacedInputError
from lakehouse.source_location import SourceLocation

if TYPE_CHECKING:
    from lakehouse.pipelines.refresh_context import RefreshContext

__all__ = ["FileSource", "Inputs", "ReadableSource", "Source", "TableSource"]

Inputs = Mapping[str, Any]
"""Names exactly what one batch reads, as JSON: read twice, it gives the same rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source(ABC):
    """What is declared of a flow's beginning."""

    location: SourceLocation = field(compare=False)

    @abstractmethod
    def schema(self, upstream: Mapping[str, StructType]) -> StructType:
        """Return the schema of the rows that come; ``upstream`` has that of each table read."""

    def tables(self) -> tuple[TableSource, ...]:
        """Return the tables of the pipeline that this source reads."""
        return ()

    def filled(self, fill: Callable[[str], str]) -> Source:
        """Return the source with its texts filled, which puts values for ``${variables}``; most have none."""
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadableSource(Source):
    """A source that any layer can read: it names its new inputs, and gives their rows."""

    @abstractmethod
    def next_inputs(self, context: RefreshContext, table: str, history: Sequence[Inputs]) -> Inputs | None:
        """Return what there is to process after ``history``, the inputs of all batches so far; None for nothing."""

    @abstractmethod
    def read(self, context: RefreshContext, inputs: Inputs) -> DataFrame:
        """Return the rows of ``inputs``, the same ones whenever it is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSource(Source):
    """Files that match a pattern, each taken once, with at least these columns in its header.

    Only a layer that tracks files takes it: Bronze.
    """

    pattern: str
    """May hold ``${variables}`` of the pipeline."""
    columns: tuple[str, ...]
    delimiter: str = ","

    def schema(self, upstream: Mapping[str, StructType]) -> StructType:
        return raw_schema(self.columns)

    def filled(self, fill: Callable[[str], str]) -> FileSource:
        return dataclasses.replace(self, pattern=fill(self.pattern))


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSource(ReadableSource):
    """Another table of the pipeline: whole, or only the rows that the reading table has not processed yet.

    Inputs are ``after`` and ``through``: the versions in between, the second included; ``after=-1`` is all.
    """

    table: str
    incremental: bool = False

    def schema(self, upstream: Mapping[str, StructType]) -> StructType:
        return upstream[self.table]

    def tables(self) -> tuple[TableSource, ...]:
        return (self,)

    def next_inputs(self, context: RefreshContext, table: str, history: Sequence[Inputs]) -> Inputs | None:
        state = context.state(self.table)
        if state is None:
            return None
        after = -1
        if self.incremental and history:
            after = history[-1]["through"]
            if history[-1]["table_id"] != state.table_id or after > state.version:
                raise ReplacedInputError(table=table, source=self.table, path=context.path(self.table))
            if after == state.version:
                return None
        return {"after": after, "through": state.version, "table_id": state.table_id}

    def read(self, context: RefreshContext, inputs: Inputs) -> DataFrame:
        return context.table(self.table).rows_added(after=inputs["after"], through=inputs["through"])
