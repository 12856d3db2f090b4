"""Files written again in this process, without Spark. Their rows are in memory meanwhile."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.delta_log import SharedWrite, Snapshot, WrittenFile, record_counts
from lakehouse.optimization.errors import RowsNotKeptError
from lakehouse.optimization.layouts.ordering import Ordering, ordering_of
from lakehouse.optimization.layouts.rewriter import Rewrite, Rewritten
from lakehouse.optimization.layouts.row_sample import RowSample, sample_of

__all__ = ["ArrowRewriter", "checked_count", "live_rows", "tagged", "write_of"]

_SORTED_GROUP_ROWS = 1 << 17
"""Of one row group, whose bounds stand in the file's footer."""


class ArrowRewriter:
    """Counts rows before and after, and finds those of some values again in the new files, one by one."""

    def rewritten(self, snapshot: Snapshot, rewrites: Sequence[Rewrite]) -> Iterator[Rewritten]:
        samples: list[RowSample] = []
        made: list[WrittenFile] = []
        for rewrite in rewrites:
            rows = rows_of(snapshot, rewrite.paths)
            sample = sample_of(rows, table=snapshot.table)
            files = _written(write_of(snapshot, rewrite), rows, rewrite)
            yield Rewritten(paths=rewrite.paths, files=files)
            checked_count(files, rows.num_rows, table=snapshot.table)
            samples.append(dataclasses.replace(sample, paths=frozenset(file.add.path for file in files)))
            made += files
        future = snapshot.advanced([file.add for file in made])
        for sample in samples:
            sample.check(future)


def _written(write: SharedWrite, rows: pa.Table, rewrite: Rewrite) -> tuple[WrittenFile, ...]:
    files: list[WrittenFile] = []
    try:
        for part in _parts(rows, rewrite):
            files += write.write(part)
    except BaseException:
        write.discard(files)
        raise
    return tagged(files, rewrite)


def write_of(snapshot: Snapshot, rewrite: Rewrite) -> SharedWrite:
    """Return how the files are written: sorted rows in groups that readers of few rows leave out."""
    if rewrite.order_by:
        return SharedWrite.of_same_rows(snapshot, row_group_rows=_SORTED_GROUP_ROWS)
    return SharedWrite.of_same_rows(snapshot)


def tagged(files: Sequence[WrittenFile], rewrite: Rewrite) -> tuple[WrittenFile, ...]:
    """Return the files with the tags that they are to have in the log."""
    return tuple(
        dataclasses.replace(file, add=msgspec.structs.replace(file.add, tags=rewrite.tags)) for file in files
    )


def checked_count(files: Sequence[WrittenFile], expected: int, *, table: str) -> None:
    """Raise RowsNotKeptError unless the log will count so many rows in the files."""
    counts = record_counts([file.add.stats for file in files])
    found = sum(count or 0 for count in counts)
    if found != expected:
        raise RowsNotKeptError(table=table, reason=f"they have {found} rows, expected {expected}")


def rows_of(snapshot: Snapshot, paths: tuple[str, ...]) -> pa.Table:
    """Return the rows of some files in the order of ``paths``.

    Raises RowsNotKeptError where the log counts other rows than they hold.
    """
    scan = snapshot.plan(None)
    found = pc.index_in(pa.array(paths, pa.string()), scan.files.column("path").combine_chunks())
    files = scan.files.take(found.drop_null())
    rows = pa.concat_tables(dataclasses.replace(scan, files=files).tables(None, None))
    expected = live_rows(files)
    if expected is not None and rows.num_rows != expected:
        reason = f"the log has {expected} rows in them, and they hold {rows.num_rows}"
        raise RowsNotKeptError(table=snapshot.table, reason=reason)
    return rows


def live_rows(files: pa.Table) -> int | None:
    """Return how many rows the log counts in files; None where it doesn't tell that of each."""
    counts = record_counts(files.column("stats").to_pylist())
    if None in counts:
        return None
    vectors = files.column("deletionVector").to_pylist()
    deleted = sum(0 if vector is None else vector["cardinality"] for vector in vectors)
    return sum(filter(None, counts)) - deleted


def _parts(rows: pa.Table, rewrite: Rewrite) -> Iterator[pa.Table]:
    length = max(1, -(-rows.num_rows // rewrite.file_count))
    starts = range(0, rows.num_rows, length)
    if not rewrite.order_by:
        yield from (rows.slice(start, length) for start in starts)
        return
    ordering: Ordering = ordering_of(rows, rewrite.order_by, rows_of_a_file=length)
    for start in starts:
        yield rows.take(ordering.indices[start : start + length])
