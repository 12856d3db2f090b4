"""The parts of a table that new rows touch: which they are, and the rows of the source that they are made of."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import msgspec
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.pipelines.declare.definition import TableDefinition
from lakehouse.pipelines.declare.sources import ReadRequest
from lakehouse.pipelines.refresh.batches import Batch
from lakehouse.pipelines.refresh.context import RefreshContext
from lakehouse.pipelines.refresh.groups.skipping import may_be_of_groups
from lakehouse.pipelines.refresh.row_counts import RowCounter
from lakehouse.tables import quoted

__all__ = ["NO_ROWS", "TouchedParts"]

NO_ROWS = "false"
"""The condition of a batch that touches no part."""

_MANY_PARTS = 10_000
"""Above this many touched parts all are computed."""

ApplySteps = Callable[[DataFrame, Batch, RowCounter], DataFrame]


@dataclass(slots=True, kw_only=True)
class TouchedParts:
    """Decides and computes for one table that is written part by part."""

    table: TableDefinition
    context: RefreshContext
    column: str
    apply_steps: ApplySteps
    """Applies the flow's steps to rows of its source."""
    conditions: dict[int, str] = field(default_factory=dict)
    """By batch, the SQL condition of the rows of its parts; computed with the batch, or kept with its rows."""

    def choose(self, batch: Batch, last: Batch | None) -> Batch:
        """Return the batch with the inputs that hold its new rows, or why all parts are computed."""
        if last is None or batch.rebuilds:
            return batch
        source = self.table.flow.source
        if batch.fingerprint != last.fingerprint:
            return msgspec.structs.replace(batch, how="whole: its definition changed")
        if batch.pinned != last.pinned:
            moved = [name for name in batch.pinned if last.pinned.get(name) != batch.pinned[name]]
            return msgspec.structs.replace(batch, how=f"whole: {', '.join(moved)} changed")
        found = source.added_since(self.context, last.inputs, batch.inputs)
        if isinstance(found, str):
            return msgspec.structs.replace(batch, how=f"whole: {found}")
        return msgspec.structs.replace(batch, added=dict(found.known or {}), how=f"parts: {found.reason}")

    def replaces_all(self, batch: Batch) -> bool:
        """Say whether the batch takes the place of the whole table."""
        return batch.added is None

    def rows(self, batch: Batch, request: ReadRequest, counter: RowCounter) -> DataFrame:
        """Return the rows of the touched parts, computed from all rows of the source that they are made of."""
        source = self.table.flow.source
        new = source.read(self.context, dataclasses.replace(request, inputs=batch.added or {}))
        part = F.col(quoted(self.column))
        parts = self.apply_steps(new, batch, RowCounter()).select(
            part.alias("part"), part.cast("string").alias("text")
        )
        found = parts.distinct().limit(_MANY_PARTS + 1).collect()
        if not found:
            # The new rows make none, and so their result is the empty one to write.
            self.conditions[batch.number] = NO_ROWS
            return self.apply_steps(new, batch, counter)
        if len(found) > _MANY_PARTS:
            self.conditions[batch.number] = "true"
            return self.apply_steps(source.read(self.context, request), batch, counter)
        data_type = parts.schema["part"].dataType.simpleString()
        self.conditions[batch.number] = _condition(self.column, [row["text"] for row in found], data_type)
        where = may_be_of_groups(
            [quoted(self.column)], [[row["part"]] for row in found], self.table.flow.steps, new.schema
        )
        narrowed = source.read(self.context, dataclasses.replace(request, where=where))
        return self.apply_steps(narrowed, batch, counter).where(F.expr(self.conditions[batch.number]))


def _condition(column: str, values: Sequence[str | None], data_type: str) -> str:
    """Return the SQL condition that a row has one of the values."""
    name = quoted(column)
    texts = sorted(value for value in values if value is not None)
    parts = [f"{name} IN ({', '.join(_literal(text, data_type) for text in texts)})"] if texts else []
    parts += [f"{name} IS NULL"] if None in values else []
    return f"({' OR '.join(parts)})"


def _literal(text: str, data_type: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'" if data_type == "string" else f"CAST('{escaped}' AS {data_type})"
