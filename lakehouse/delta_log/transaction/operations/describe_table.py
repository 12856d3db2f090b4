"""Say what a table and its columns are for. No row changes."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import msgspec

from lakehouse.delta_log.errors import IncompatibleRowsError
from lakehouse.delta_log.schema import StructField, StructType, schema_from_json, schema_to_json
from lakehouse.delta_log.transaction.change import Change, Operation
from lakehouse.delta_log.transaction.view import TableView

__all__ = ["describe_table", "with_comments_of"]

_COMMENT = "comment"
"""Where a column's comment stands in its metadata, by Spark's convention."""


def describe_table(
    view: TableView, *, comment: str | None = None, columns: Mapping[str, str] | None = None
) -> Change:
    """Set the table's comment and those of ``columns``, by name; the others stay as they are.

    Raises IncompatibleRowsError for a column that the table does not have.
    """
    view.require_table("describe")
    metadata = view.metadata
    struct = schema_from_json(metadata.schema_string, table=view.table)
    columns = columns or {}
    if unknown := [name for name in columns if name not in struct.names]:
        problems = [f"there is no column {name!r} to describe" for name in unknown]
        raise IncompatibleRowsError(table=view.table, problems=problems)
    described = StructType(tuple(_commented(each, columns.get(each.name)) for each in struct))
    after = msgspec.structs.replace(
        metadata,
        description=metadata.description if comment is None else comment,
        schema_string=metadata.schema_string if described == struct else schema_to_json(described),
    )
    if after == metadata:
        return Change()
    return Change(actions=[after], operation=Operation.of("SET COMMENTS", columns=list(columns)))


def with_comments_of(held: StructType, schema: StructType) -> StructType:
    """Return ``schema`` with the comments that columns of the same name have in ``held``, where it has none."""
    comments = {each.name: each.metadata.get(_COMMENT) for each in held}
    return StructType(
        tuple(
            each if _COMMENT in each.metadata else _commented(each, comments.get(each.name))
            for each in schema
        )
    )


def _commented(field: StructField, comment: str | None) -> StructField:
    if comment is None or field.metadata.get(_COMMENT) == comment:
        return field
    return dataclasses.replace(field, metadata={**field.metadata, _COMMENT: comment})
