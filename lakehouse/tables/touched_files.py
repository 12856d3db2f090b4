"""Rows of a version that some work changes, and the files that hold one: the others stay."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from lakehouse.delta_log import (
    ROW_NUMBER,
    ScanPart,
    Snapshot,
    WrittenVector,
    descriptor_of,
    record_counts,
    scan_parts,
    table_storage,
    write_deletion_vector,
)
from lakehouse.tables.conditions import narrowed
from lakehouse.tables.key_bounds import bounds_of_keys
from lakehouse.tables.key_ranges import may_have_key_in
from lakehouse.tables.python_files import FILE_NUMBER, rows_by_file, rows_of_parts, schema_of_rows
from lakehouse.tables.rewritten_rows import matching_keys, meets

__all__ = ["FEW_ROWS", "MetRows", "TouchedFiles", "met_by_condition", "met_by_keys"]

FEW_ROWS = 200_000
"""The keys of so many rows are sent to all who read the table's files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchedFiles:
    """Files that hold a row which is changed."""

    paths: tuple[str, ...]
    """As the log names them."""
    rows: DataFrame
    """All of their rows."""
    vectors: tuple[WrittenVector, ...] = ()
    """Of files that stay without the changed rows; of the others no row is to stay."""

    @property
    def removed(self) -> tuple[str, ...]:
        """The files that are to leave the table."""
        kept = {each.path for each in self.vectors}
        return tuple(path for path in self.paths if path not in kept)


@dataclass(frozen=True, slots=True, kw_only=True)
class MetRows:
    """Rows of one version, each by its file and its place there."""

    spark: SparkSession
    snapshot: Snapshot
    parts: Sequence[ScanPart]
    """All files that were looked through."""
    places: DataFrame

    def files(self) -> TouchedFiles:
        """Return the files that hold one of them."""
        if not self.parts:
            return self._touched(())
        paths = self._paths()
        return self._touched(paths[row[0]] for row in self.places.select(FILE_NUMBER).distinct().collect())

    def deleted(self) -> TouchedFiles:
        """Return the files that hold one of them, with vectors that take these rows out; tasks write them."""
        if not self.parts:
            return self._touched(())
        files = self.places.select(FILE_NUMBER, ROW_NUMBER).groupBy(FILE_NUMBER)
        found = files.applyInArrow(self._writing(), f"{FILE_NUMBER} int, vector binary").collect()
        paths = self._paths()
        # Made by our own tasks a moment ago.
        vectors = [pickle.loads(row[1]) for row in found]  # noqa: S301
        return self._touched((paths[row[0]] for row in found), [each for each in vectors if each is not None])

    def _writing(self) -> Callable[[tuple[pa.Scalar, ...], pa.Table], pa.Table]:
        """Return what writes the vector of one file, of which it gets the rows."""
        table, paths = self.snapshot.table, self._paths()
        earlier = [each for part in self.parts for each in part.files.column("deletionVector").to_pylist()]
        files = self.snapshot.files()
        counts = dict(
            zip(
                files.column("path").to_pylist(),
                record_counts(files.column("stats").to_pylist()),
                strict=True,
            )
        )
        row_counts = [counts.get(path) for path in paths]

        def write(key: tuple[pa.Scalar, ...], rows: pa.Table) -> pa.Table:
            number = key[0].as_py()
            vector = write_deletion_vector(
                table_storage(table),
                paths[number],
                rows.column(ROW_NUMBER).to_numpy(),
                before=descriptor_of(earlier[number], table=table),
                row_count=row_counts[number],
            )
            made = {FILE_NUMBER: pa.array([number], pa.int32()), "vector": [pickle.dumps(vector)]}
            return pa.table(made)

        return write

    def _paths(self) -> Sequence[str]:
        return [path for part in self.parts for path in part.files.column("path").to_pylist()]

    def _touched(
        self, paths: Iterator[str] | tuple[()], vectors: Sequence[WrittenVector] = ()
    ) -> TouchedFiles:
        found = tuple(paths)
        again = list(scan_parts(self.snapshot, only=found))
        rows = rows_of_parts(self.spark, again, schema_of_rows(self.snapshot))
        return TouchedFiles(paths=found, rows=rows, vectors=tuple(vectors))


def met_by_keys(spark: SparkSession, snapshot: Snapshot, rows: DataFrame, keys: Sequence[str]) -> MetRows:
    """Return the table's rows with the keys of one of ``rows``, which are looked at twice.

    Files whose bounds in the log exclude that are not opened, and of the others the keys alone are read.
    """
    schema = schema_of_rows(snapshot)
    bounds = bounds_of_keys(rows, keys, held=schema, separation=snapshot.separation(list(keys)))
    parts = list(scan_parts(snapshot, may_have_key_in(bounds.groups)))
    wanted = {key.lower() for key in keys}
    held = rows_by_file(spark, parts, StructType([each for each in schema if each.name.lower() in wanted]))
    new, alike = matching_keys(rows, keys)
    new = F.broadcast(new) if bounds.row_count <= FEW_ROWS else new
    return MetRows(spark=spark, snapshot=snapshot, parts=parts, places=held.join(new, alike, "left_semi"))


def met_by_condition(spark: SparkSession, snapshot: Snapshot, condition: str) -> MetRows:
    """Return the table's rows that meet an SQL condition.

    Files whose bounds in the log exclude that are not opened, where the condition is one that the log can tell.
    """
    parts = list(scan_parts(snapshot, narrowed(condition, snapshot)))
    held = rows_by_file(spark, parts, schema_of_rows(snapshot))
    return MetRows(spark=spark, snapshot=snapshot, parts=parts, places=held.where(meets(condition)))
