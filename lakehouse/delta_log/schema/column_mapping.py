"""How a column is found in a data file (Delta PROTOCOL, "Column Mapping")."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from lakehouse.delta_log.errors import MalformedSchemaError

__all__ = ["ColumnMappingMode", "column_mapping_mode"]


class ColumnMappingMode(Enum):
    """By its own name, by a physical name, or by the id of the Parquet field."""

    NONE = "none"
    NAME = "name"
    ID = "id"


def column_mapping_mode(configuration: Mapping[str, str | None], *, table: str) -> ColumnMappingMode:
    """Return the mode that the table's properties ask for. Raises MalformedSchemaError for an unknown one."""
    text = configuration.get("delta.columnMapping.mode") or "none"
    try:
        return ColumnMappingMode(text.lower())
    except ValueError:
        reason = f"delta.columnMapping.mode is {text!r}; expected none, name or id"
        raise MalformedSchemaError(table=table, reason=reason) from None
