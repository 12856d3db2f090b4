"""Rows in the columns of their table: by name, down into structs, arrays and maps, and NULL where rows have none."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, DataType, MapType, StructField, StructType

from lakehouse.tables.identifiers import quoted

__all__ = ["all_fields", "in_fields_of", "value_for", "with_columns_of"]


def with_columns_of(held: StructType, rows: DataFrame) -> DataFrame:
    """Return the rows in the columns of ``held``, and behind them those that only they have.

    Case tells no names apart.
    """
    wanted = all_fields(held, rows.schema)
    if _have_same_fields(rows.schema, wanted):
        return rows
    assert isinstance(wanted, StructType)  # noqa: S101 - of two structs it is one
    columns = (value_for(each, rows.schema, lambda name: F.col(quoted(name))) for each in wanted)
    return rows.select(*columns)


def all_fields(held: DataType, found: DataType) -> DataType:
    """Return ``held`` with the fields that only ``found`` has behind its own; other types are those of ``found``."""
    match held, found:
        case StructType(), StructType():
            theirs, known = _by_name(found), _by_name(held)
            both = ((each, theirs.get(each.name.lower(), each)) for each in held)
            fields = [StructField(one.name, all_fields(one.dataType, other.dataType)) for one, other in both]
            more = (each for name, each in theirs.items() if name not in known)
            return StructType([*fields, *(StructField(each.name, each.dataType) for each in more)])
        case ArrayType(), ArrayType():
            return ArrayType(all_fields(held.elementType, found.elementType))
        case MapType(), MapType():
            keys = all_fields(held.keyType, found.keyType)
            return MapType(keys, all_fields(held.valueType, found.valueType))
    return found


def in_fields_of(value: Column, found: DataType, wanted: DataType) -> Column:
    """Return ``value``, of the type ``found``, with the fields of ``wanted`` and no others."""
    if _have_same_fields(found, wanted):
        return value
    match found, wanted:
        case StructType(), StructType():
            fields = (value_for(each, found, value.getField) for each in wanted)
            return F.when(value.isNotNull(), F.struct(*fields))
        case ArrayType(), ArrayType():
            return F.transform(value, lambda item: in_fields_of(item, found.elementType, wanted.elementType))
        case MapType(), MapType():
            value = F.transform_keys(value, lambda key, _: in_fields_of(key, found.keyType, wanted.keyType))
            return F.transform_values(
                value, lambda _, item: in_fields_of(item, found.valueType, wanted.valueType)
            )
    return value


def value_for(wanted: StructField, there: StructType, at: Callable[[str], Column]) -> Column:
    """Return what a struct of the type ``there`` has for the field ``wanted``, under its name; NULL without one.

    ``at`` gives the value of one of the struct's fields.
    """
    found = _by_name(there).get(wanted.name.lower())
    if found is None:
        return F.lit(None).cast(wanted.dataType).alias(wanted.name)
    return in_fields_of(at(found.name), found.dataType, wanted.dataType).alias(wanted.name)


def _have_same_fields(found: DataType, wanted: DataType) -> bool:
    """Say whether both have the same fields, down to the last, in the same order and spelling."""
    match found, wanted:
        case StructType(), StructType():
            return found.names == wanted.names and all(
                _have_same_fields(one.dataType, other.dataType)
                for one, other in zip(found, wanted, strict=True)
            )
        case ArrayType(), ArrayType():
            return _have_same_fields(found.elementType, wanted.elementType)
        case MapType(), MapType():
            return _have_same_fields(found.keyType, wanted.keyType) and _have_same_fields(
                found.valueType, wanted.valueType
            )
    return True


def _by_name(schema: StructType) -> Mapping[str, StructField]:
    return {each.name.lower(): each for each in schema}
