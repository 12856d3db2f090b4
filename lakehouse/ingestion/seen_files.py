"""All that the batches of a table found about files, sorted and in columns: a million files fit."""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lakehouse.delta_log import arrow_column
from lakehouse.ingestion.file_inputs import FileInputs, TrackedFile
from lakehouse.ingestion.listing_mark import ListingMark

__all__ = ["SeenFiles"]

_SCHEMA = pa.schema(
    [
        ("path", pa.string()),
        ("size_bytes", pa.int64()),
        ("modified_ms", pa.int64()),
        ("digest", pa.string()),
        ("reason", pa.string()),
        ("declaration", pa.string()),
    ]
)
_GROUP_ROWS = 1 << 16
"""What is in memory at a time; a path's rows are never in two groups."""
_ENDS = "lakehouse.last_paths"
_MARK = "lakehouse.listing"
_ROOTS = "lakehouse.roots"


class SeenFiles:
    """Files as batches named them, by path; those of one path in the order of the batches.

    What is condensed stays in Parquet, and only the groups that are asked about are decoded.
    """

    def __init__(
        self, condensed: bytes | None, since: Iterable[Mapping[str, Any]], *, root: str = ""
    ) -> None:
        """``since`` are the inputs of the batches that ``condensed`` does not have, oldest first.

        ``root`` is where the landing zone is now: files that were named below another one are the same below it.
        """
        self._parquet = None if condensed is None else pq.ParquetFile(pa.BufferReader(condensed))
        about = {} if self._parquet is None else self._parquet.metadata.metadata or {}
        self._ends: list[str] = json.loads(about.get(_ENDS.encode(), b"[]"))
        assert len(self._ends) == (self._parquet.num_row_groups if self._parquet else 0)  # noqa: S101 - or files come twice
        marks = [ListingMark.from_json(about.get(_MARK.encode()))]
        self.roots: dict[str, None] = dict.fromkeys([root, *json.loads(about.get(_ROOTS.encode(), b"[]"))])
        """Where the landing zone is and was, the newest first."""
        tail: list[TrackedFile] = self._moved_body(
            next(iter(json.loads(about.get(_ROOTS.encode(), b"[]"))), ""), root
        )
        for inputs in map(FileInputs.of, since):
            tail += [file.moved(inputs.root, root) if root else file for file in inputs.files]
            marks.append(inputs.listing)
            self.roots.setdefault(inputs.root)
        tail.sort(key=lambda file: file.path)  # stable: one path's files stay in the order of the batches
        self._tail = _table(tail)
        self.mark = marks[-1]
        """How far the newest batch's listing went; None where that says nothing about later ones."""
        self._decoded: tuple[tuple[int, Sequence[str]], pa.Table] | None = None

    def _moved_body(self, old: str, new: str) -> list[TrackedFile]:
        """Return what is condensed, where it names files below another folder: then it is not looked at any more."""
        if self._parquet is None or not new or old in ("", new):
            return []
        rows = self._parquet.read(use_threads=False).cast(_SCHEMA).to_pylist()
        self._parquet, self._ends = None, []
        return [TrackedFile(**row).moved(old, new) for row in rows]

    def between(self, first: str, last: str, columns: Sequence[str] = _SCHEMA.names) -> pa.Table:
        """Return the rows of the paths from ``first`` to ``last``; those of one path in order."""
        groups = range(
            bisect_left(self._ends, first), min(bisect_left(self._ends, last) + 1, len(self._ends))
        )
        condensed = [_cut(self._group(group, columns), first, last) for group in groups]
        return pa.concat_tables([*condensed, _cut(self._tail.select(columns), first, last)])

    def of_path(self, path: str) -> Iterator[TrackedFile]:
        """Yield what the batches found about one path, oldest first."""
        for row in self.between(path, path).to_pylist():
            yield TrackedFile(**row)

    def rejected(self) -> Iterator[pa.Table]:
        """Yield the path and the declaration of each time that a file was set aside."""
        columns = ["path", "reason", "declaration"]
        groups = (self._group(group, columns) for group in self._groups_with_reasons())
        for rows in (*groups, self._tail.select(columns)):
            yield rows.filter(pc.is_valid(rows["reason"]))

    def set_aside(self) -> dict[str, str]:
        """Return the paths whose last look set them aside, with the reason."""
        found: dict[str, str] = {}
        for path in {path for rows in self.rejected() for path in rows["path"].to_pylist()}:
            *_, last = self.of_path(path)
            if last.reason is not None:
                found[path] = last.reason
        return dict(sorted(found.items()))

    def taken_paths(self) -> set[str]:
        """Return the paths of all files that were taken."""
        taken: set[str] = set()
        columns = ["path", "reason"]
        for rows in (
            *(self._group(at, columns) for at in range(len(self._ends))),
            self._tail.select(columns),
        ):
            taken.update(rows.filter(pc.is_null(rows["reason"]))["path"].to_pylist())
        return taken

    def condensed(self) -> bytes:
        """Return everything as one Parquet file; what was found twice is in it once."""
        sink = pa.BufferOutputStream()
        ends: list[str] = []
        with pq.ParquetWriter(sink, _SCHEMA, compression="zstd") as writer:
            for rows in self._merged():
                for group in _groups(rows):
                    writer.write_table(group, row_group_size=group.num_rows)
                    ends.append(group["path"][-1].as_py())
            mark = "" if self.mark is None else msgspec.json.encode(self.mark).decode()
            roots = json.dumps([root for root in self.roots if root])
            writer.add_key_value_metadata({_ENDS: json.dumps(ends), _MARK: mark, _ROOTS: roots})
        return bytes(sink.getvalue().to_pybytes())

    def _group(self, group: int, columns: Sequence[str]) -> pa.Table:
        assert self._parquet is not None  # noqa: S101 - there are groups
        wanted = (group, tuple(columns))
        if self._decoded is None or self._decoded[0] != wanted:
            self._decoded = None  # before the next one takes memory
            rows = self._parquet.read_row_group(group, columns=list(columns), use_threads=False).cast(
                _schema_of(columns)
            )
            self._decoded = (wanted, rows.combine_chunks())
        return self._decoded[1]

    def _groups_with_reasons(self) -> Iterator[int]:
        if self._parquet is None:
            return
        at = _SCHEMA.get_field_index("reason")
        for group in range(self._parquet.num_row_groups):
            column = self._parquet.metadata.row_group(group).column(at)
            statistics = column.statistics
            if statistics is None or statistics.null_count < column.num_values:
                yield group

    def _merged(self) -> Iterator[pa.Table]:
        """Yield all rows in order, a group's at a time."""
        paths, start = self._tail["path"].combine_chunks(), 0
        for group, end in enumerate(self._ends):
            is_last = group == len(self._ends) - 1
            stop = len(paths) if is_last else _after(paths, end)
            yield _without_repeats(
                pa.concat_tables([self._group(group, _SCHEMA.names), self._tail.slice(start, stop - start)])
            )
            start = stop
        if not self._ends and self._tail.num_rows:
            yield _without_repeats(self._tail)


def _table(files: Sequence[TrackedFile]) -> pa.Table:
    columns = {name: [getattr(file, name) for file in files] for name in _SCHEMA.names}
    # Where no bytes were had, nothing that is declared can have been the cause for good.
    columns["declaration"] = ["" if file.was_unreadable else file.declaration for file in files]
    arrays = [arrow_column(columns[field.name], field.type) for field in _SCHEMA]
    return pa.Table.from_arrays(arrays, schema=_SCHEMA)


def _schema_of(columns: Sequence[str]) -> pa.Schema:
    return pa.schema([_SCHEMA.field(name) for name in columns])


def _cut(rows: pa.Table, first: str, last: str) -> pa.Table:
    """Return the rows of some paths out of rows in their order."""
    if rows.num_rows == 0:
        return rows
    paths = rows["path"].combine_chunks()
    start = bisect_left(paths, first, key=lambda path: path.as_py())
    return rows.slice(start, _after(paths, last) - start)


def _after(paths: pa.Array, last: str) -> int:
    return bisect_right(paths, last, key=lambda path: path.as_py())


def _without_repeats(rows: pa.Table) -> pa.Table:
    """Return the rows in the order of their paths and batches; of equal ones the last stays."""
    numbered = rows.append_column("number", arrow_column(range(rows.num_rows), pa.int64()))
    last = numbered.group_by(_SCHEMA.names, use_threads=False).aggregate([("number", "max")])
    in_order = last.sort_by([("path", "ascending"), ("number_max", "ascending")])
    return in_order.select(_SCHEMA.names).combine_chunks()


def _groups(rows: pa.Table) -> Iterator[pa.Table]:
    """Cut rows into groups, each path's in one."""
    start, paths = 0, rows["path"].combine_chunks()
    while start < len(paths):
        stop = len(paths)
        if stop - start >= 2 * _GROUP_ROWS:
            stop = _after(paths, paths[start + _GROUP_ROWS - 1].as_py())
        yield rows.slice(start, stop - start)
        start = stop
