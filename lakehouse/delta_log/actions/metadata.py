"""What the table is: schema, partition columns, properties."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from lakehouse.delta_log.actions.numbers import Int64

__all__ = ["Format", "MetadataChange"]

# Not plain ``dict`` and ``list``: msgspec leaves out fields that equal those, and these are always written.


def _no_options() -> dict[str, str]:
    return {}


def _no_columns() -> list[str]:
    return []


def _no_schema() -> str:
    return '{"type":"struct","fields":[]}'


class Format(msgspec.Struct, frozen=True, kw_only=True):
    """How the data files are encoded (Delta PROTOCOL, "Format Specification"): always Parquet."""

    provider: str = "parquet"
    options: Mapping[str, str] = msgspec.field(default_factory=_no_options)


class MetadataChange(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    rename={
        "schema_string": "schemaString",
        "partition_columns": "partitionColumns",
        "created_ms": "createdTime",
    },
):
    """The table's whole metadata; the latest one counts (Delta PROTOCOL, "Change Metadata")."""

    id: str
    """A UUID, for the table's whole life."""
    name: str | None = None
    description: str | None = None
    format: Format = msgspec.field(default_factory=Format)
    schema_string: str = msgspec.field(default_factory=_no_schema)
    """The schema as JSON text (Delta PROTOCOL, "Schema Serialization Format"); old logs may leave it out."""
    partition_columns: Sequence[str] = msgspec.field(default_factory=_no_columns)
    """Logical names, in order."""
    created_ms: Int64 | None = None
    configuration: Mapping[str, str | None] = msgspec.field(default_factory=_no_options)
    """The table's properties: ``delta.appendOnly``, …"""
