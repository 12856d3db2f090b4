"""A Delta table that the pipeline does not make: at a path, or of another pipeline in the same warehouse."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from lakehouse.pipelines.declare.language import Call, Language
from lakehouse.pipelines.declare.sources.history import History
from lakehouse.pipelines.declare.sources.interface import NewInputs, SourceContext, TableReference
from lakehouse.pipelines.declare.sources.tables import TableSource
from lakehouse.pipelines.errors import NoSuchTableError
from lakehouse.words import word

__all__ = ["DeltaSource"]


@word("from_delta")
@dataclass(frozen=True, slots=True, kw_only=True)
class DeltaSource(TableSource):
    """A Delta table from outside: ``table`` is a path or URI, or ``layer.name`` for a table of the warehouse."""

    def to_python(self, language: Language) -> Call:
        return Call.of("from_delta", self.to_yaml(language), "table")

    def tables(self) -> Sequence[TableReference]:
        return (TableReference(table=self.table, outside=True, location=self.location),)

    def next_inputs(self, context: SourceContext, table: str, history: History) -> NewInputs | None:
        if context.state(self.table) is None:
            raise NoSuchTableError(
                source=self.table, table=table, path=context.path(self.table), location=self.location
            )
        found = TableSource.next_inputs(self, context, table, history)
        if found is None or found.known is None:
            return found
        return dataclasses.replace(found, outside_bytes=self.size_bytes(context, found.known))
