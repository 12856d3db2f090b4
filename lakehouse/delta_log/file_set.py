"""The files of a version: a checkpoint's, in Arrow, under a few layers of newer commits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.delta_log.checkpoint_files import CheckpointFiles, file_keys
from lakehouse.delta_log.commit_content import FileKey, file_key
from lakehouse.delta_log.file_rows import (
    ADD_TYPE,
    AddLine,
    RemoveLine,
    add_rows,
    remove_rows,
)

__all__ = ["FileSet"]

_ALL_COLUMNS = tuple(field.name for field in ADD_TYPE)
_UNUSUAL_PATH = "%|:|^/"
"""Paths that may have another spelling."""

Layer = Mapping[FileKey, AddLine | RemoveLine]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSet:
    """Live files and tombstones. Immutable: a newer version shares all but its own layer."""

    source: str
    """The table, for errors."""
    base: CheckpointFiles | None = None
    layers: tuple[Layer, ...] = ()
    """Oldest first; the newest word on a file counts. Each is more than twice as big as the next."""

    def advanced(self, layer: Layer) -> FileSet:
        """Return the files after one more commit, at a cost that depends on that commit's size alone."""
        if not layer:
            return self
        layers = [*self.layers, layer]
        while len(layers) > 1 and len(layers[-2]) <= 2 * len(layers[-1]):
            newest, older = layers.pop(), layers.pop()
            layers.append({**older, **newest})
        return FileSet(source=self.source, base=self.base, layers=tuple(layers))

    def adds(self, columns: Sequence[str] = _ALL_COLUMNS) -> pa.Table:
        """Return the live files, with these fields of ``ADD_TYPE``."""
        newest = self._newest()
        lines = [line for line in newest.values() if isinstance(line, AddLine)]
        recent = add_rows(lines, source=self.source).select(list(columns))
        if self.base is None:
            return recent
        checkpointed = self.base.adds(list(columns))
        if newest:
            checkpointed = checkpointed.filter(self._untouched(self.base, newest))
        return pa.concat_tables([checkpointed, recent])

    def tombstones(self) -> pa.Table:
        """Return the removed files that are still remembered, with the fields of ``REMOVE_TYPE``."""
        newest = self._newest()
        lines = [line for line in newest.values() if isinstance(line, RemoveLine)]
        recent = remove_rows(lines, source=self.source)
        if self.base is None:
            return recent
        older = self.base.removes()
        kept = [key not in newest for key in file_keys(older)]
        return pa.concat_tables([older.filter(pa.array(kept, type=pa.bool_())), recent])

    def is_live(self, path: str, deletion_vector_id: str | None = None) -> bool:
        """Say whether a logical file is in the table."""
        key = file_key(path, deletion_vector_id)
        for layer in reversed(self.layers):
            line = layer.get(key)
            if line is not None:
                return isinstance(line, AddLine)
        return self.base is not None and key in self.base.live_keys()

    def _newest(self) -> dict[FileKey, AddLine | RemoveLine]:
        newest: dict[FileKey, AddLine | RemoveLine] = {}
        for layer in self.layers:
            newest.update(layer)
        return newest

    @staticmethod
    def _untouched(base: CheckpointFiles, newest: Layer) -> pa.Array:
        rows = base.adds(["path", "deletionVector"])
        paths = _canonical(rows.column("path"))
        touched_paths = pa.array({key if isinstance(key, str) else key[0] for key in newest}, pa.string())
        touched = pc.is_in(paths, value_set=touched_paths)
        # Of the few rows whose path occurs, the deletion vector decides.
        indices = pc.indices_nonzero(touched)
        suspects = rows.take(indices)
        numbered = zip(indices.to_pylist(), file_keys(suspects), strict=True)
        gone = [index for index, key in numbered if key in newest]
        return pc.invert(pc.is_in(pa.array(range(rows.num_rows)), value_set=pa.array(gone, pa.int64())))


def _canonical(paths: pa.ChunkedArray) -> pa.ChunkedArray:
    unusual = pc.match_substring_regex(paths, _UNUSUAL_PATH)
    if not pc.any(unusual).as_py():
        return paths
    return pa.chunked_array([[file_key(path, None) for path in paths.to_pylist()]], type=pa.string())
