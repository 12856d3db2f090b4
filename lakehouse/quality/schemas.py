"""A schema as people write it: column names with types, DDL text, or Spark's own object."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.errors import PySparkException
from pyspark.sql.types import DataType, StructField, StructType

from lakehouse.quality.errors import UnreadableSchemaError
from lakehouse.quality.plain_types import plain_type

__all__ = ["Schema", "as_struct"]

Schema = Mapping[str, str] | str | StructType
"""``{"price": "decimal(10,2)"}``, ``"price decimal(10,2)"`` or a StructType."""


def as_struct(schema: Schema) -> StructType:
    """Return the schema as Spark's object; its columns are in the order they were written.

    Raises UnreadableSchemaError. DDL text needs a running session, as Spark's own parser reads it; in a mapping,
    only types that are not plain do.
    """
    if isinstance(schema, StructType):
        return schema
    if isinstance(schema, str):
        parsed = _parsed(schema, where="schema")
        if not isinstance(parsed, StructType):
            raise UnreadableSchemaError(where="schema", text=schema)
        return parsed
    fields = ((name, _type(text, where=name)) for name, text in schema.items())
    return StructType([StructField(name, data_type) for name, data_type in fields])


def _parsed(text: str, *, where: str) -> DataType:
    try:
        return DataType.fromDDL(text)
    except (PySparkException, ValueError) as error:
        raise UnreadableSchemaError(where=where, text=text) from error


def _type(text: str, *, where: str) -> DataType:
    plain = plain_type(text)
    return _parsed(text, where=where) if plain is None else plain
