"""How a table is laid out when it is created."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["PLAIN_LAYOUT", "TableLayout"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableLayout:
    """What Delta fixes with the first commit of a table. It may have partition columns or clustering columns."""

    partition_by: tuple[str, ...] = ()
    cluster_by: tuple[str, ...] = ()
    properties: Mapping[str, str] = field(default_factory=dict)
    """Properties of Delta, ``delta.…``."""

    @property
    def is_plain(self) -> bool:
        """Whether there is nothing to lay out."""
        return not (self.partition_by or self.cluster_by or self.properties)


PLAIN_LAYOUT = TableLayout()
