"""Values of any type in a form that Spark can compare and put in order; NULL equals NULL inside of structs."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, DataType, MapType, StructType, VariantType

__all__ = ["comparable"]


def comparable(value: Column, data_type: DataType) -> Column:
    """Return a column that is equal for equal values: maps become sorted entries, variants their text."""
    if not _has_odd_parts(data_type):
        return value
    if isinstance(data_type, StructType):
        fields = [comparable(value.getField(each.name), each.dataType).alias(each.name) for each in data_type]
        return F.when(value.isNotNull(), F.struct(*fields))
    if isinstance(data_type, ArrayType):
        return F.transform(value, lambda element: comparable(element, data_type.elementType))
    if isinstance(data_type, MapType):
        entries = F.transform(
            F.map_entries(value),
            lambda entry: F.struct(
                comparable(entry.getField("key"), data_type.keyType).alias("key"),
                comparable(entry.getField("value"), data_type.valueType).alias("value"),
            ),
        )
        return F.array_sort(entries)
    return F.to_json(value)


def _has_odd_parts(data_type: DataType) -> bool:
    if isinstance(data_type, StructType):
        return any(_has_odd_parts(each.dataType) for each in data_type)
    if isinstance(data_type, ArrayType):
        return _has_odd_parts(data_type.elementType)
    return isinstance(data_type, MapType | VariantType)
