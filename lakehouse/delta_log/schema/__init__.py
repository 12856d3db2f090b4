"""A table's schema: the protocol's types, their JSON, and what Arrow calls them. No storage here."""

from lakehouse.delta_log.schema.arrow import arrow_schema, arrow_type, delta_schema, delta_type
from lakehouse.delta_log.schema.column_mapping import ColumnMappingMode, column_mapping_mode
from lakehouse.delta_log.schema.evolution import merged, with_column_ids, with_ids_of
from lakehouse.delta_log.schema.json_text import schema_from_json, schema_to_json
from lakehouse.delta_log.schema.types import (
    ArrayType,
    DataType,
    MapType,
    PrimitiveType,
    StructField,
    StructType,
)
from lakehouse.delta_log.schema.widening import is_widening

__all__ = [
    "ArrayType",
    "ColumnMappingMode",
    "DataType",
    "MapType",
    "PrimitiveType",
    "StructField",
    "StructType",
    "arrow_schema",
    "arrow_type",
    "column_mapping_mode",
    "delta_schema",
    "delta_type",
    "is_widening",
    "merged",
    "schema_from_json",
    "schema_to_json",
    "with_column_ids",
    "with_ids_of",
]
