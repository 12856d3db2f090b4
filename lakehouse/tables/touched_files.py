"""Files of a version that hold rows which some work changes: these are written again, and the others stay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from lakehouse.delta_log import ScanPart, Snapshot, scan_parts
from lakehouse.tables.key_bounds import bounds_of_keys
from lakehouse.tables.key_ranges import may_have_key_in
from lakehouse.tables.python_files import FILE_NUMBER, rows_by_file, rows_of_parts, schema_of_rows
from lakehouse.tables.rewritten_rows import matching_keys, meets

__all__ = ["FEW_ROWS", "TouchedFiles", "touched_by_condition", "touched_by_keys"]

FEW_ROWS = 200_000
"""The keys of so many rows are sent to all who read the table's files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchedFiles:
    """Files that hold a row which is changed."""

    paths: tuple[str, ...]
    """As the log names them."""
    rows: DataFrame
    """All of their rows."""


def touched_by_keys(
    spark: SparkSession, snapshot: Snapshot, rows: DataFrame, keys: Sequence[str]
) -> TouchedFiles:
    """Return the files that hold a row with the keys of one of ``rows``, which are looked at twice.

    Files whose bounds in the log exclude that are not opened, and of the others the keys alone are read.
    """
    schema = schema_of_rows(snapshot)
    bounds = bounds_of_keys(rows, keys, held=schema, separation=snapshot.separation(list(keys)))
    parts = list(scan_parts(snapshot, may_have_key_in(bounds.groups)))
    wanted = {key.lower() for key in keys}
    held = rows_by_file(spark, parts, StructType([each for each in schema if each.name.lower() in wanted]))
    new, alike = matching_keys(rows, keys)
    new = F.broadcast(new) if bounds.row_count <= FEW_ROWS else new
    return _touched(spark, snapshot, parts, held.join(new, alike, "left_semi"))


def touched_by_condition(spark: SparkSession, snapshot: Snapshot, condition: str) -> TouchedFiles:
    """Return the files that hold a row which meets an SQL condition."""
    parts = list(scan_parts(snapshot))
    held = rows_by_file(spark, parts, schema_of_rows(snapshot))
    return _touched(spark, snapshot, parts, held.where(meets(condition)))


def _touched(
    spark: SparkSession, snapshot: Snapshot, parts: Sequence[ScanPart], met: DataFrame
) -> TouchedFiles:
    paths = [path for part in parts for path in part.files.column("path").to_pylist()]
    found = tuple(paths[row[0]] for row in met.select(FILE_NUMBER).distinct().collect()) if parts else ()
    again = list(scan_parts(snapshot, only=found))
    return TouchedFiles(paths=found, rows=rows_of_parts(spark, again, schema_of_rows(snapshot)))
