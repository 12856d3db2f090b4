"""Read the rows of one version of a table, file by file."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.delta_log.actions import MetadataChange
from lakehouse.delta_log.arrow_columns import no_rows
from lakehouse.delta_log.data_files import ROW_NUMBER, DataFile, DataFileReader
from lakehouse.delta_log.deletion_vectors import descriptor_of
from lakehouse.delta_log.errors import InvalidPredicateError, NoSuchColumnError
from lakehouse.delta_log.scan.binding import bound_to
from lakehouse.delta_log.scan.predicates import Predicate
from lakehouse.delta_log.schema import (
    PrimitiveType,
    StructField,
    StructType,
    arrow_schema,
    column_mapping_mode,
)
from lakehouse.storage import AbstractStorageReader

__all__ = ["RowFilter", "Scan", "data_files"]

RowFilter: TypeAlias = Predicate | pc.Expression
"""A condition of ours, which also skips files, or any of pyarrow's, which filters rows."""

_THREADS = 4
_READ_AHEAD = 8
"""Groups of files that are read ahead of their rows' use; limits memory."""
_GROUP_BYTES = 1 << 20
"""Small files that one thread reads in turn: to hand each of them to another takes as long as reading it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """What to read: some files of a version, in the schema of that version."""

    storage: AbstractStorageReader
    version: int
    metadata: MetadataChange
    schema: StructType
    files: pa.Table

    def tables(self, columns: Sequence[str] | None, predicate: RowFilter | None) -> Iterator[pa.Table]:
        """Yield the rows of each file in the order of the files; the first, empty one shows the schema.

        Raises NoSuchColumnError, InvalidPredicateError, DataFileError, MalformedDeletionVectorError.
        """
        shown = self.fields(columns)
        if isinstance(predicate, Predicate):
            predicate = bound_to(predicate, self.schema, table=self.storage.uri())
        needed = self._with_predicate_columns(shown, predicate)
        schema = self.schema_of(shown)
        yield no_rows(schema)
        for rows in self._read(needed, self.reader().read):
            found = self._filtered(rows, predicate)
            yield _with_columns(found, schema)

    def numbered_tables(self, columns: Sequence[str]) -> Iterator[pa.Table]:
        """Yield the rows of each file as ``tables`` does, with ``ROW_NUMBER``: where a row stands in its file."""
        shown = self.fields(columns)
        yield no_rows(self.schema_of(shown).append(pa.field(ROW_NUMBER, pa.int64())))
        yield from self._read(shown, self.reader().read_numbered)

    def schema_of(self, fields: Sequence[StructField]) -> pa.Schema:
        """Return the Arrow schema of the rows with these columns."""
        return arrow_schema(StructType(tuple(fields)))

    def reader(self) -> DataFileReader:
        """Return what reads files of this version."""
        return DataFileReader(
            self.storage,
            version=self.version,
            mode=column_mapping_mode(self.metadata.configuration, table=self.storage.uri()),
            partition_columns=self.metadata.partition_columns,
        )

    def _read(
        self,
        fields: Sequence[StructField],
        read_file: Callable[[DataFile, Sequence[StructField]], pa.Table],
    ) -> Iterator[pa.Table]:
        def read(group: Sequence[DataFile]) -> list[pa.Table]:
            return [read_file(file, fields) for file in group]

        with ThreadPoolExecutor(_THREADS) as pool:
            waiting: deque[Future[list[pa.Table]]] = deque()
            for group in self._groups():
                waiting.append(pool.submit(read, group))
                if len(waiting) > _READ_AHEAD:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()

    def _groups(self) -> Iterator[Sequence[DataFile]]:
        """Yield the files in their order, small ones together."""
        group: list[DataFile] = []
        group_bytes = 0
        sizes = (size or 0 for size in self.files.column("size").to_pylist())  # a damaged log may lack one
        for file, size_bytes in zip(data_files(self.files, source=self.storage.uri()), sizes, strict=True):
            if group and group_bytes + size_bytes > _GROUP_BYTES:
                yield group
                group, group_bytes = [], 0
            group.append(file)
            group_bytes += size_bytes
        if group:
            yield group

    def fields(self, columns: Sequence[str] | None) -> list[StructField]:
        """Return the columns by name, or all that can be read. Raises NoSuchColumnError."""
        # Columns of the type void have no values and no place in data files; Spark leaves them out too.
        readable = StructType(tuple(f for f in self.schema if f.data_type != PrimitiveType("void")))
        return list(readable) if columns is None else [self._field(readable, name) for name in columns]

    def _field(self, schema: StructType, name: str) -> StructField:
        field = schema.get(name)
        if field is None:
            raise NoSuchColumnError(table=self.storage.uri(), column=name, available=schema.names)
        return field

    def _with_predicate_columns(
        self, shown: list[StructField], predicate: RowFilter | None
    ) -> list[StructField]:
        if predicate is None:
            return self._once(shown)
        if isinstance(predicate, Predicate):
            names = {path[0] for path in predicate.columns}
        else:
            # pyarrow does not list the columns of an expression; its text names them, and maybe more.
            text = str(predicate)
            names = {name for name in self.schema.names if re.search(re.escape(name), text)}
        return self._once(shown + [self._field(self.schema, name) for name in sorted(names)])

    def _once(self, fields: Sequence[StructField]) -> list[StructField]:
        return list({field.name: field for field in fields}.values())

    def _filtered(self, rows: pa.Table, predicate: RowFilter | None) -> pa.Table:
        if predicate is None:
            return rows
        expression = predicate.to_arrow() if isinstance(predicate, Predicate) else predicate
        try:
            return rows.filter(expression)
        except (pa.ArrowException, TypeError) as error:
            raise InvalidPredicateError(
                table=self.storage.uri(), predicate=str(predicate), reason=str(error)
            ) from error


def _with_columns(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    if not schema.names:
        return rows.select([])  # which keeps the number of rows
    return pa.Table.from_arrays([rows.column(name) for name in schema.names], schema=schema)


def data_files(files: pa.Table, *, source: str) -> Iterator[DataFile]:
    """Yield the rows of a table of files as logical files. Raises MalformedDeletionVectorError."""
    names = ["path", "partitionValues", "deletionVector", "baseRowId", "defaultRowCommitVersion"]
    for batch in files.select(names).to_batches(max_chunksize=10_000):
        for row in batch.to_pylist(maps_as_pydicts="lossy"):
            yield DataFile(
                path=row["path"],
                partition_values=row["partitionValues"] or {},
                deletion_vector=descriptor_of(row["deletionVector"], table=source),
                base_row_id=row["baseRowId"],
                default_row_commit_version=row["defaultRowCommitVersion"],
            )
