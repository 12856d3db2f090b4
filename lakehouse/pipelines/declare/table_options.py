"""What is declared of a table beside the flow that fills it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lakehouse.errors import DefinitionError
from lakehouse.pipelines.errors import InvalidOptionsError
from lakehouse.source_location import SourceLocation
from lakehouse.tables import TableLayout

__all__ = ["TableOptions"]

_PROPERTY_PREFIX = "delta."


@dataclass(frozen=True, slots=True, kw_only=True)
class TableOptions:
    """How a table is laid out: taken when it is created, and kept by whatever writes it."""

    partition_by: Sequence[str] = ()
    cluster_by: Sequence[str] = ()
    """Columns for liquid clustering; not together with ``partition_by``."""
    properties: Mapping[str, str] = field(default_factory=dict)
    """Table properties of Delta, such as ``delta.logRetentionDuration``."""

    @property
    def layout(self) -> TableLayout:
        """The options as the table engines take them."""
        return TableLayout(
            partition_by=tuple(self.partition_by),
            cluster_by=tuple(self.cluster_by),
            properties=dict(self.properties),
        )

    def problems(self, *, table: str, location: SourceLocation) -> Sequence[DefinitionError]:
        """Return what is wrong with the options, found without Spark."""
        wrong = []
        if self.partition_by and self.cluster_by:
            wrong.append(("partition_by and cluster_by", "use one of them."))
        wrong += [
            (f"the property {name!r}", f"use a property of Delta, {_PROPERTY_PREFIX}….")
            for name in self.properties
            if not name.startswith(_PROPERTY_PREFIX)
        ]
        return [
            InvalidOptionsError(table=table, wrong=what, fix=fix, location=location) for what, fix in wrong
        ]
