"""The files of a version: a checkpoint's, in Arrow, under a few layers of newer commits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.delta_log.actions import canonical_path
from lakehouse.delta_log.arrow_columns import column
from lakehouse.delta_log.replay.checkpoint_files import CheckpointFiles, file_keys
from lakehouse.delta_log.replay.commit_content import FileKey, file_key
from lakehouse.delta_log.replay.file_table import ADD_TYPE, AddLine, RemoveLine, add_rows, remove_rows

__all__ = ["FileSet", "Totals"]

_ALL_COLUMNS = tuple(field.name for field in ADD_TYPE)
_UNUSUAL_PATH = r"%|:|^/|//|\./"
"""Paths that may have another spelling."""

_Layer: TypeAlias = Mapping[FileKey, AddLine | RemoveLine]


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """How many files are live, and their size."""

    file_count: int
    size_bytes: int


class FileSet:
    """Live files and tombstones. Immutable: a newer version shares all but its own layer."""

    __slots__ = ("_base", "_layers", "_source", "_totals")

    def __init__(
        self, source: str, *, base: CheckpointFiles | None = None, layers: tuple[_Layer, ...] = ()
    ) -> None:
        """``source`` is the table, for errors; ``layers`` go from old to new, the newest word counts."""
        self._source = source
        self._base = base
        self._layers = layers
        self._totals: Totals | None = None

    def advanced(self, layer: _Layer) -> FileSet:
        """Return the files after one more commit, at a cost that depends on that commit's size alone."""
        if not layer:
            return self
        layers = [*self._layers, layer]
        # Each layer stays more than twice as big as the next, so there are few, and merging pays off.
        while len(layers) > 1 and len(layers[-2]) <= 2 * len(layers[-1]):
            newest, older = layers.pop(), layers.pop()
            layers.append({**older, **newest})
        advanced = FileSet(self._source, base=self._base, layers=tuple(layers))
        if self._totals is not None:
            advanced._totals = self._totals_after(self._totals, layer)
        return advanced

    def adds(self, columns: Sequence[str] = _ALL_COLUMNS) -> pa.Table:
        """Return the live files, with these fields of ``ADD_TYPE``."""
        newest = self._newest()
        lines = [line for line in newest.values() if isinstance(line, AddLine)]
        recent = add_rows(lines, source=self._source, columns=columns)
        if self._base is None:
            return recent
        checkpointed = self._base.adds(columns)
        if newest:
            checkpointed = checkpointed.filter(_untouched(self._base, newest))
        return pa.concat_tables([checkpointed, recent])

    def tombstones(self) -> pa.Table:
        """Return the removed files that are still remembered, with the fields of ``REMOVE_TYPE``."""
        newest = self._newest()
        lines = [line for line in newest.values() if isinstance(line, RemoveLine)]
        recent = remove_rows(lines, source=self._source)
        if self._base is None:
            return recent
        older = self._base.removes()
        kept = [key not in newest for key in file_keys(older)]
        return pa.concat_tables([older.filter(column(kept, pa.bool_())), recent])

    def live_size(self, key: FileKey) -> int | None:
        """Return the bytes of a logical file that is in the table; None for one that isn't."""
        for layer in reversed(self._layers):
            line = layer.get(key)
            if line is not None:
                return line.size if isinstance(line, AddLine) else None
        return None if self._base is None else self._base.live_sizes().get(key)

    def is_live(self, path: str, deletion_vector_id: str | None = None) -> bool:
        """Return whether a logical file is in the table."""
        return self.live_size(file_key(path, deletion_vector_id)) is not None

    def totals(self) -> Totals:
        """Return count and size of the live files; kept up to date by ``advanced`` once asked for."""
        if self._totals is None:
            sizes = self.adds(["size"]).column("size")
            self._totals = Totals(file_count=len(sizes), size_bytes=pc.sum(sizes).as_py() or 0)
        return self._totals

    def _totals_after(self, totals: Totals, layer: _Layer) -> Totals:
        count, size_bytes = totals.file_count, totals.size_bytes
        for key, line in layer.items():
            before = self.live_size(key)
            after = line.size if isinstance(line, AddLine) else None
            count += (after is not None) - (before is not None)
            size_bytes += (after or 0) - (before or 0)
        return Totals(file_count=count, size_bytes=size_bytes)

    def _newest(self) -> dict[FileKey, AddLine | RemoveLine]:
        newest: dict[FileKey, AddLine | RemoveLine] = {}
        for layer in self._layers:
            newest.update(layer)
        return newest


def _untouched(base: CheckpointFiles, newest: _Layer) -> pa.Array:
    rows = base.adds(["path", "deletionVector"])
    paths = _canonical(rows.column("path"))
    touched_paths = column([key if isinstance(key, str) else key[0] for key in newest], pa.string())
    touched = pc.is_in(paths, value_set=touched_paths)
    # Of the few rows whose path occurs, the deletion vector decides.
    indices = pc.indices_nonzero(touched)
    numbered = zip(indices.to_pylist(), file_keys(rows.take(indices)), strict=True)
    gone = {index for index, key in numbered if key in newest}
    return column([index not in gone for index in range(rows.num_rows)], pa.bool_())


def _canonical(paths: pa.ChunkedArray) -> pa.ChunkedArray:
    unusual = pc.match_substring_regex(paths, _UNUSUAL_PATH)
    if not pc.any(unusual).as_py():
        return paths
    return pa.chunked_array([column([canonical_path(path) for path in paths.to_pylist()], pa.string())])
