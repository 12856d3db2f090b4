"""Who writes files again so that they hold the same rows in another way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from lakehouse.delta_log import Snapshot, WrittenFile

__all__ = ["Rewrite", "Rewriter", "Rewritten"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewrite:
    """Files of one partition that become others."""

    paths: tuple[str, ...]
    file_count: int
    """How many files they become, about."""
    order_by: tuple[tuple[str, ...], ...] = ()
    """Paths of columns by which rows are arranged; without them they stay in the order of ``paths``."""
    tags: Mapping[str, str | None] | None = field(default=None, hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewritten:
    """Files that are written, and that no log knows yet."""

    paths: tuple[str, ...]
    """The files whose rows they hold."""
    files: tuple[WrittenFile, ...]


class Rewriter(Protocol):
    """Writes files again, and proves that they hold the same rows."""

    def rewritten(self, snapshot: Snapshot, rewrites: Sequence[Rewrite]) -> Iterator[Rewritten]:
        """Yield the files as they are written; they are the caller's from then on.

        Raises RowsNotKeptError, at the end too: only when it is through are the rows proved.
        """
