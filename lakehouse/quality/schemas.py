"""A schema as people write it: column names with types, DDL text, or Spark's own object."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.errors import PySparkException
from pyspark.sql.types import DataType, StructField, StructType

from lakehouse.quality.errors import UnreadableSchemaError

__all__ = ["Schema", "as_struct"]

Schema = Mapping[str, str] | str | StructType
"""``{"price": "decimal(10,2)"}``, ``"price decimal(10,2)"`` or a StructType."""


def as_struct(schema: Schema) -> StructType:
    """Return the schema as Spark's object; its columns are in the order they were written.

    Raises UnreadableSchemaError. DDL text needs a running session, as Spark's own parser reads it.
    """
    if isinstance(schema, StructType):
        return schema
    if isinstance(schema, str):
        parsed = _parsed(schema, where="schema")
        if not isinstance(parsed, StructType):
            raise UnreadableSchemaError(where="schema", text=schema)
        return parsed
    return StructType([StructField(name, _parsed(text, where=name)) for name, text in schema.items()])


def _parsed(text: str, *, where: str) -> DataType:
    try:
        return DataType.fromDDL(text)
    except (PySparkException, ValueError) as error:
        raise UnreadableSchemaError(where=where, text=text) from error
