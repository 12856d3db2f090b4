"""Small files that become few large ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

from lakehouse.optimization.layouts.loads import Load
from lakehouse.optimization.layouts.rewriter import Rewrite
from lakehouse.optimization.layouts.rewriting import RewriteProposal, RewritingStrategy
from lakehouse.optimization.layouts.table import FileFacts, TableFacts, layout_tags
from lakehouse.optimization.layouts.workload import MOST_BYTES_AT_ONCE, Workload
from lakehouse.optimization.sizes import size_text
from lakehouse.words import word

__all__ = ["Compaction"]

_SMALL = 0.75
"""A file below this share of the target is worth another place."""


@word("compaction")
@dataclass(frozen=True, slots=True, kw_only=True)
class Compaction(RewritingStrategy):
    """Writes small files again as files of the target size, oldest first: what was written together stays together.

    Files of one layout by clustering are only put together with others of it; those that another engine has
    clustered are left to it.
    """

    target_file_bytes: int | None = None
    """By default it follows from the table's size: 16 MiB to 1 GiB."""

    @classmethod
    def made_for(cls, workload: Workload) -> Self:
        return cls(target_file_bytes=workload.target_file_bytes)

    def rewrites(self, facts: TableFacts) -> RewriteProposal | None:
        target = min(self.target_file_bytes or facts.target_file_bytes, MOST_BYTES_AT_ONCE)
        small = [
            file
            for file in facts.files
            if file.size_bytes < target * _SMALL and not file.has_vector and not file.is_clustered_elsewhere
        ]
        bins = [
            found
            for files in facts.partitions(small)
            for alike in _by_layout(files)
            for found in _bins(alike, target)
        ]
        if not bins:
            return None
        rewritten = [file for found in bins for file in found]
        size = sum(file.size_bytes for file in rewritten)
        mean = size_text(size // len(rewritten))
        return RewriteProposal(
            reason=f"{len(rewritten):,} files of {mean} in the mean become {len(bins):,}",
            before=_whole(facts),
            after=Load(files=len(facts.files) - len(rewritten) + len(bins), size_bytes=facts.size_bytes),
            rewritten_bytes=size,
            rewrites=tuple(
                Rewrite(
                    paths=tuple(file.path for file in found),
                    file_count=1,
                    tags=layout_tags(found[0].layout, unspent_bytes=facts.unspent_bytes(found[0].layout)),
                )
                for found in bins
            ),
        )

    def measure(self, facts: TableFacts, proposal: RewriteProposal) -> Load:
        return _whole(facts)


def _whole(facts: TableFacts) -> Load:
    """Return what reading the whole table takes."""
    return Load(files=len(facts.files), size_bytes=facts.size_bytes)


def _by_layout(files: Sequence[FileFacts]) -> Iterator[list[FileFacts]]:
    found: dict[str | None, list[FileFacts]] = {}
    for file in sorted(files, key=lambda file: (file.modified_ms, file.path)):
        found.setdefault(file.layout, []).append(file)
    yield from found.values()


def _bins(files: Sequence[FileFacts], target: int) -> Iterator[list[FileFacts]]:
    """Yield runs of files that together are about as large as one should be; a file alone stays as it is."""
    run: list[FileFacts] = []
    size = 0
    for file in files:
        if run and size + file.size_bytes > target:
            if len(run) > 1:
                yield run
            run, size = [], 0
        run.append(file)
        size += file.size_bytes
    if len(run) > 1:
        yield run
