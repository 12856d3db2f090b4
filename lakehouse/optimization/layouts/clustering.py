"""Rows that are asked for together, brought together: new files, and those that they overlap."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import pyarrow as pa

from lakehouse.delta_log import Predicate, col
from lakehouse.optimization.errors import UnclusterableColumnError
from lakehouse.optimization.layouts.clustered_load import ClusteredLoad
from lakehouse.optimization.layouts.loads import Load, WorthRule, mean
from lakehouse.optimization.layouts.point_queries import Range, hull, probes_of
from lakehouse.optimization.layouts.rewriter import Rewrite
from lakehouse.optimization.layouts.rewriting import RewriteProposal, RewritingStrategy
from lakehouse.optimization.layouts.table import FileFacts, TableFacts, layout_tags
from lakehouse.optimization.layouts.workload import MOST_BYTES_AT_ONCE, Workload
from lakehouse.optimization.sizes import size_text
from lakehouse.words import word

__all__ = ["Clustering"]

_AMPLIFICATION = 2
"""So many bytes are rewritten at most for each new one, over all clustering of a table together."""
_MOST_PROBES = 8
_MOST_COLUMNS = 4
"""Beyond four columns each of them separates files so little that no reader gains (Delta, ``CLUSTER BY``)."""


@dataclass(frozen=True, kw_only=True)
class ClusteringProposal(RewriteProposal):
    """Files to cluster, and what is asked to see whether that helps."""

    probes: tuple[Predicate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """Some files of the table by their numbers, to be clustered anew, and what that brings."""

    what: str
    chosen: frozenset[int]
    size_bytes: int
    after: Load
    gain: float


@word("clustering")
@dataclass(frozen=True, slots=True, kw_only=True)
class Clustering(RewritingStrategy):
    """Sorts rows by one column, or along the best of several curves through up to four.

    Files that it wrote are tagged. Later it takes files without the tag, and as many of the others that these
    overlap as are no larger than they; all files only where that pays and enough has come since. Without columns
    it takes those of the filters, or goes on with those of the tags, where the log has bounds of them. Files that
    another engine has clustered are left to it.
    """

    columns: tuple[str, ...] = ()
    filters: tuple[Predicate, ...] = ()
    """Conditions that readers use; beside them, values of the columns are asked for."""
    target_file_bytes: int | None = None
    most_bytes_at_once: int = MOST_BYTES_AT_ONCE
    rule: WorthRule = field(default_factory=WorthRule)

    @classmethod
    def made_for(cls, workload: Workload) -> Self:
        return cls(
            columns=workload.cluster_by,
            filters=workload.filters,
            target_file_bytes=workload.target_file_bytes,
            most_bytes_at_once=workload.most_bytes_at_once,
            rule=WorthRule(reads=workload.reads),
        )

    def rewrites(self, facts: TableFacts) -> RewriteProposal | None:
        columns = self.columns or _columns_of_filters(facts, self.filters) or _columns_of_tags(facts)
        if not columns or not facts.files:
            return None
        ranges = [_ranges(facts, column) for column in columns]
        tag = json.dumps(list(columns))
        target = min(self.target_file_bytes or facts.target_file_bytes, MOST_BYTES_AT_ONCE)
        load = ClusteredLoad(files=facts.files, ranges=ranges, layout=tag, target_file_bytes=target)
        most = _bytes_that_may_be_rewritten(facts, tag)
        plans = [
            plan
            for what, chosen in _choices(facts.files, ranges, tag)
            if (plan := self._judged(what, chosen, load)).size_bytes <= min(most, self.most_bytes_at_once)
        ]
        best = max(plans, key=lambda plan: plan.gain, default=None)
        if best is None:
            return None
        size = size_text(best.size_bytes)
        return ClusteringProposal(
            reason=f"{best.what}: {len(best.chosen):,} files of {size} are sorted by {', '.join(columns)}",
            about=tag,
            before=load.now(),
            after=best.after,
            rewritten_bytes=best.size_bytes,
            rewrites=tuple(
                _rewrites(facts, best.chosen, columns, tag, target, unspent_bytes=most - best.size_bytes)
            ),
            probes=(
                *self.filters,
                *(
                    probe
                    for column, each in zip(columns, ranges, strict=True)
                    for probe in _point_probes(facts, column, each)
                ),
            ),
        )

    def measure(self, facts: TableFacts, proposal: RewriteProposal) -> Load:
        return mean([_read(facts, probe) for probe in self.queries(proposal) if probe is not None])

    def queries(self, proposal: RewriteProposal) -> Sequence[Predicate | None]:
        return proposal.probes if isinstance(proposal, ClusteringProposal) else self.filters

    def _judged(self, what: str, chosen: frozenset[int], load: ClusteredLoad) -> _Plan:
        size, after = sum(load.files[number].size_bytes for number in chosen), load.after(chosen)
        gain = self.rule.gain(load.now(), after, rewritten_bytes=size)
        return _Plan(what=what, chosen=chosen, size_bytes=size, after=after, gain=gain)


def _ranges(facts: TableFacts, column: str) -> list[Range]:
    """Return the bounds of a column in each file. Raises UnclusterableColumnError where no file has any."""
    is_partition = column in facts.snapshot.partition_columns
    bounds = None if is_partition else facts.bounds(column)
    ranges: list[Range] = [] if bounds is None else [*bounds.ranges()]
    if not any(ranges):
        reason = "it is a partition column" if is_partition else "the log has no bounds of its values"
        raise UnclusterableColumnError(
            table=facts.table, column=column, reason=reason, known=_with_bounds(facts)
        )
    return ranges


def _with_bounds(facts: TableFacts) -> list[str]:
    return [name for name in facts.snapshot.schema.names if _has_bounds(facts, name)]


def _has_bounds(facts: TableFacts, column: str) -> bool:
    if column in facts.snapshot.partition_columns:
        return False
    bounds = facts.bounds(column)
    return bounds is not None and any(bounds.ranges())


def _columns_of_filters(facts: TableFacts, filters: Sequence[Predicate]) -> tuple[str, ...]:
    """Return the first columns that readers ask for and that a table can be clustered by."""
    named = dict.fromkeys(".".join(path) for each in filters for path in sorted(each.columns))
    return tuple(name for name in named if _has_bounds(facts, name))[:_MOST_COLUMNS]


def _columns_of_tags(facts: TableFacts) -> tuple[str, ...]:
    """Return the columns of the layout that most files have; empty where the table has lost one of them since."""
    tags = [file.layout for file in facts.files if file.layout is not None]
    columns = tuple(json.loads(max(sorted(set(tags)), key=tags.count))) if tags else ()
    return columns if all(_has_bounds(facts, column) for column in columns) else ()


def _bytes_that_may_be_rewritten(facts: TableFacts, tag: str) -> int:
    """Return what new files allow, and what earlier ones allowed and clustering did not take.

    Each choice takes all new files, so that none of them is counted twice.
    """
    new = [file for file in facts.files if not file.is_clustered_elsewhere and file.layout != tag]
    return _AMPLIFICATION * sum(file.size_bytes for file in new) + facts.unspent_bytes(tag)


def _choices(
    files: Sequence[FileFacts], ranges: Sequence[Sequence[Range]], tag: str
) -> Iterator[tuple[str, frozenset[int]]]:
    """Yield what may be clustered: new files, with some of those that they overlap, or all files."""
    ours = frozenset(number for number, file in enumerate(files) if not file.is_clustered_elsewhere)
    new = frozenset(number for number in ours if files[number].layout != tag)
    if new:
        yield "new files", new
        budget = (_AMPLIFICATION - 1) * sum(files[number].size_bytes for number in new)
        near = set(new)
        for number in sorted(_overlapped(files, ranges, new), key=lambda number: files[number].size_bytes):
            budget -= files[number].size_bytes
            if budget < 0:
                break
            near.add(number)
        if len(near) > len(new):
            yield "new files and those that they overlap", frozenset(near)
    if len(new) < len(ours):
        yield "all files", ours


def _overlapped(
    files: Sequence[FileFacts], ranges: Sequence[Sequence[Range]], new: frozenset[int]
) -> Iterator[int]:
    """Yield files that are not new, and that lie in the range of new files of their partition in every column."""
    hulls: dict[Any, list[Range]] = {}
    for partition in {files[number].partition for number in new}:
        numbers = [number for number in new if files[number].partition == partition]
        hulls[partition] = [hull([each[number] for number in numbers]) for each in ranges]
    for number, file in enumerate(files):
        if number not in new and file.partition in hulls and not file.is_clustered_elsewhere:
            pairs = zip(ranges, hulls[file.partition], strict=True)
            if all(_overlap(each[number], wide) for each, wide in pairs):
                yield number


def _overlap(one: Range, other: Range) -> bool:
    return one is None or other is None or bool(one[0] <= other[1] and other[0] <= one[1])


def _rewrites(
    facts: TableFacts,
    chosen: frozenset[int],
    columns: Sequence[str],
    tag: str,
    target: int,
    *,
    unspent_bytes: int,
) -> Iterator[Rewrite]:
    tags = layout_tags(tag, arranged_in=uuid.uuid4().hex, unspent_bytes=unspent_bytes)
    for files in facts.partitions(facts.files[number] for number in sorted(chosen)):
        size = sum(file.size_bytes for file in files)
        yield Rewrite(
            paths=tuple(file.path for file in files),
            file_count=max(1, round(size / target)),
            order_by=tuple(facts.column_path(column) for column in columns),
            tags=tags,
        )


def _point_probes(facts: TableFacts, column: str, ranges: Sequence[Range]) -> Iterator[Predicate]:
    """Yield queries for values evenly over those that the files may hold."""
    bounds = facts.bounds(column)
    assert bounds is not None  # noqa: S101 - its ranges are known
    for value in probes_of(ranges, most=_MOST_PROBES):
        yield col(*facts.column_path(column)) == _typed(value, bounds.smallest.type)


def _typed(value: Any, data_type: pa.DataType) -> pa.Scalar:
    """Return a value of ``ColumnBounds.ranges`` in the type of its column."""
    is_counted = pa.types.is_date(data_type) or pa.types.is_timestamp(data_type)
    counted = pa.int32() if pa.types.is_date(data_type) else pa.int64()
    return pa.array([value], counted).cast(data_type)[0] if is_counted else pa.scalar(value, data_type)


def _read(facts: TableFacts, probe: Predicate) -> Load:
    found = facts.snapshot.files(probe).column("size").to_pylist()
    return Load(files=len(found), size_bytes=sum(found))
