"""The file actions of a checkpoint, wherever it keeps them: inline, in parts, or in sidecars."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from lakehouse.delta_log.actions import Action, AddFile, RemoveFile
from lakehouse.delta_log.arrow_columns import no_rows
from lakehouse.delta_log.replay.checkpoint_parquet import CheckpointParquet
from lakehouse.delta_log.replay.commit_content import FileKey, file_key
from lakehouse.delta_log.replay.file_table import (
    ADD_TYPE,
    REMOVE_TYPE,
    AddLine,
    RemoveLine,
    add_line,
    add_rows,
    deletion_vector_id,
    remove_rows,
)
from lakehouse.delta_log.replay.statistics_text import with_statistics_text
from lakehouse.storage import AbstractStorageReader

__all__ = ["CheckpointFiles", "file_keys"]


class CheckpointFiles:
    """The file actions of a checkpoint, column by column, each column read when first asked for.

    Methods raise MalformedLogError for damaged files, and NotFoundError where log cleanup took one.
    """

    def __init__(self, storage: AbstractStorageReader, keys: Sequence[str], inline: Iterable[Action]) -> None:
        self._storage = storage
        self._keys = tuple(keys)
        self._inline = [add_line(action) for action in inline if isinstance(action, AddFile | RemoveFile)]
        self._columns: dict[str, pa.ChunkedArray] = {}
        self._live_sizes: dict[FileKey, int] | None = None
        self._opened: list[CheckpointParquet] | None = None

    def adds(self, columns: Sequence[str]) -> pa.Table:
        """Return columns of the live files; all calls give the same rows in the same order."""
        wanted = [name for name in columns if name not in self._columns]
        if wanted:
            table = self._read("add", pa.struct([ADD_TYPE.field(name) for name in wanted]))
            self._columns.update(zip(wanted, table.columns, strict=True))
        return pa.Table.from_arrays([self._columns[name] for name in columns], names=list(columns))

    def live_sizes(self) -> Mapping[FileKey, int]:
        """Return the size in bytes of each live file, by what identifies it."""
        if self._live_sizes is None:
            rows = self.adds(["path", "deletionVector", "size"])
            sizes = rows.column("size").to_pylist()
            self._live_sizes = dict(zip(file_keys(rows), sizes, strict=True))
        return self._live_sizes

    def removes(self) -> pa.Table:
        """Return the tombstones, with the fields of ``REMOVE_TYPE``."""
        return self._read("remove", REMOVE_TYPE)

    def _read(self, action: str, row_type: pa.StructType) -> pa.Table:
        parts = [self._file_rows(file, action, row_type) for file in self._files()]
        names = [field.name for field in row_type]
        if self._inline:
            parts.append(self._inline_rows(action, names))
        if not parts:
            return no_rows(pa.schema(list(row_type)))
        # Left in pieces: joining them would take the memory twice.
        return pa.concat_tables(parts)

    def _file_rows(self, file: CheckpointParquet, action: str, row_type: pa.StructType) -> pa.Table:
        rows = file.rows(action, row_type)
        if action == "add" and row_type.get_field_index("stats") >= 0:
            return with_statistics_text(rows, file)
        return rows

    def _inline_rows(self, action: str, names: Sequence[str]) -> pa.Table:
        source = self._storage.uri()
        if action == "add":
            adds = [line for line in self._inline if isinstance(line, AddLine)]
            return add_rows(adds, source=source, columns=names)
        return remove_rows([line for line in self._inline if isinstance(line, RemoveLine)], source=source)

    def _files(self) -> list[CheckpointParquet]:
        if self._opened is None:
            self._opened = [CheckpointParquet(self._storage, key) for key in self._keys]
        return self._opened


def file_keys(rows: pa.Table) -> Iterator[FileKey]:
    """Yield what identifies the logical file of each row; needs ``path`` and ``deletionVector``."""
    vectors: list[dict[str, Any] | None] = rows.column("deletionVector").to_pylist()
    for path, vector in zip(rows.column("path").to_pylist(), vectors, strict=True):
        yield file_key(path, deletion_vector_id(vector))
