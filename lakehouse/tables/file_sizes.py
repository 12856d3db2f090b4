"""How many files rows become: as few as their size allows, so that many small batches don't make many more files."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql.types import ArrayType, DataType, MapType, StructType

from lakehouse.delta_log import target_file_bytes
from lakehouse.tables.session_cores import parallelism

__all__ = ["estimated_bytes", "evened_out", "in_few_files"]

_MIB = 1 << 20
_BYTES_OF_A_VALUE = 8
"""What a value takes in Parquet, compressed; most take less."""
_WORTH_A_TASK = _MIB
"""Input of this size is read by a task of its own, and may become a file of its own."""


def estimated_bytes(schema: StructType, rows: int) -> int:
    """Return about how large a file with so many rows is."""
    return rows * _leaves(schema) * _BYTES_OF_A_VALUE


def in_few_files(frame: DataFrame, *, expected_bytes: int, table_bytes: int) -> DataFrame:
    """Return rows that are computed already, in as many parts as they fill files of the table's target size.

    Rows that are still to be computed would be computed by as few tasks: they are left to ``evened_out``.
    """
    return frame.coalesce(-(-max(expected_bytes, 1) // target_file_bytes(table_bytes)))


def evened_out(frame: DataFrame, *, input_bytes: int | None, files_are_few: bool = False) -> DataFrame:
    """Return the same rows; where many tasks read little each, brought together in parts of a useful size.

    It costs a shuffle of what is read, so it is done only for less than 1 MiB a core; what one task reads as fast, of
    few files, is left to one without a shuffle. None: not known, left alone.
    """
    if input_bytes is None or input_bytes > _WORTH_A_TASK * (parallelism(frame.sparkSession) or 1):
        return frame
    if files_are_few and input_bytes <= _WORTH_A_TASK:
        return frame.coalesce(1)
    return frame.hint("rebalance")


def _leaves(data_type: DataType) -> int:
    if isinstance(data_type, StructType):
        return sum(_leaves(field.dataType) for field in data_type) or 1
    if isinstance(data_type, ArrayType):
        return _leaves(data_type.elementType)
    if isinstance(data_type, MapType):
        return _leaves(data_type.keyType) + _leaves(data_type.valueType)
    return 1
