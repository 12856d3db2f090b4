"""Types as Spark SQL reads them again, whatever the fields in them are called."""

from __future__ import annotations

import re

from pyspark.sql.types import ArrayType, DataType, MapType, StructType

from lakehouse.tables.identifiers import quoted

__all__ = ["sql_type"]

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def sql_type(of: DataType) -> str:
    """Return the type's text, as ``simpleString`` has it, with names of fields in quotes where they need them."""
    match of:
        case StructType():
            fields = (f"{_name(each.name)}:{sql_type(each.dataType)}" for each in of.fields)
            return f"struct<{','.join(fields)}>"
        case ArrayType():
            return f"array<{sql_type(of.elementType)}>"
        case MapType():
            return f"map<{sql_type(of.keyType)},{sql_type(of.valueType)}>"
    return str(of.simpleString())


def _name(given: str) -> str:
    return given if _PLAIN.fullmatch(given) else quoted(given)
