"""Files of a table that were chosen from its log."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Candidates"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """Data files of one version of a table, all rows of which are the table's."""

    paths: tuple[str, ...]
    sizes: tuple[int, ...]
    """In bytes, one for each path."""
    row_counts: tuple[int | None, ...]
    """One for each path; None where the log doesn't tell it."""

    @property
    def size_bytes(self) -> int:
        """The size of all of them."""
        return sum(self.sizes)
