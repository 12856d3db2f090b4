"""Files replaced by others that hold the same rows, which is proved before the commit."""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.delta_log import Snapshot, Transaction, record_counts
from lakehouse.optimization.errors import RowsNotKeptError
from lakehouse.optimization.layouts.ordering import Ordering, ordering_of
from lakehouse.optimization.layouts.row_sample import RowSample, sample_of
from lakehouse.optimization.layouts.strategy import Proposal, Strategy
from lakehouse.optimization.layouts.table import MaintainedTable, TableFacts

__all__ = ["MOST_BYTES_AT_ONCE", "Rewrite", "RewriteProposal", "RewritingStrategy"]

MOST_BYTES_AT_ONCE = 1 << 30
"""Of files that become one table in memory, where they take a few times as much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewrite:
    """Files of one partition that become others."""

    paths: tuple[str, ...]
    file_count: int
    """How many files they become."""
    order_by: tuple[tuple[str, ...], ...] = ()
    """Paths of columns by which rows are arranged; without them they stay in the order of ``paths``."""
    tags: Mapping[str, str | None] | None = field(default=None, hash=False)


@dataclass(frozen=True, kw_only=True)
class RewriteProposal(Proposal):
    """Files to rewrite, in one commit."""

    rewrites: tuple[Rewrite, ...]


class RewritingStrategy(Strategy[RewriteProposal]):
    """A strategy that rewrites files: a subclass has ``rewrites`` and ``measure``."""

    def propose(self, facts: TableFacts) -> RewriteProposal | None:
        return self.rewrites(facts) if facts.why_not_rewritten is None else None

    @abstractmethod
    def rewrites(self, facts: TableFacts) -> RewriteProposal | None:
        """Return what is to be rewritten, of a table where files may be; None where it needs nothing."""

    def act(self, table: MaintainedTable, proposal: RewriteProposal) -> int | None:
        """Rewrite in one commit that no reader sees as a change. Raises RowsNotKeptError, which commits nothing."""
        return table.commit(lambda transaction: _rewrite_all(transaction, proposal))


def _rewrite_all(transaction: Transaction, proposal: RewriteProposal) -> None:
    snapshot = transaction.snapshot
    samples = [_rewrite(transaction, snapshot, each) for each in proposal.rewrites]
    future = snapshot.advanced(list(transaction.actions))
    for sample in samples:
        sample.check(future)


def _rewrite(transaction: Transaction, snapshot: Snapshot, rewrite: Rewrite) -> RowSample:
    before = len(transaction.written)
    rows = rows_of(snapshot, rewrite.paths)
    sample = sample_of(rows, table=transaction.table)
    transaction.rewrite(rewrite.paths, rows.slice(0, 0))
    for part in _parts(rows, rewrite):
        transaction.rewrite((), part, tags=rewrite.tags)
    written = transaction.written[before:]
    counts = record_counts([file.add.stats for file in written])
    if sum(count or 0 for count in counts) != rows.num_rows:
        reason = f"they have {sum(count or 0 for count in counts)} rows, expected {rows.num_rows}"
        raise RowsNotKeptError(table=transaction.table, reason=reason)
    return dataclasses.replace(sample, paths=frozenset(file.add.path for file in written))


def rows_of(snapshot: Snapshot, paths: tuple[str, ...]) -> pa.Table:
    """Return the rows of some files in the order of ``paths``.

    Raises RowsNotKeptError where the log counts other rows than they hold.
    """
    scan = snapshot.plan(None)
    found = pc.index_in(pa.array(paths, pa.string()), scan.files.column("path").combine_chunks())
    files = scan.files.take(found.drop_null())
    rows = pa.concat_tables(dataclasses.replace(scan, files=files).tables(None, None))
    expected = _live_rows(files)
    if expected is not None and rows.num_rows != expected:
        reason = f"the log has {expected} rows in them, and they hold {rows.num_rows}"
        raise RowsNotKeptError(table=snapshot.table, reason=reason)
    return rows


def _live_rows(files: pa.Table) -> int | None:
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
