"""What a transaction read: the half of a conflict that its actions don't show."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

__all__ = ["NOTHING_READ", "WHOLE_TABLE", "ReadPredicate", "ReadSet"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPredicate:
    """Rows that a transaction looked for: another commit that adds such rows changes its result."""

    text: str
    """For messages and ``operationParameters``."""
    may_match: Callable[[Mapping[str, str | None]], bool]
    """Takes a file's partition values; false only where no row of such a file can be meant."""


WHOLE_TABLE = ReadPredicate(text="true", may_match=lambda partition_values: True)
"""Every row was looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadSet:
    """Everything that a transaction's result depends on."""

    predicates: tuple[ReadPredicate, ...] = ()
    files: frozenset[str] = frozenset()
    """Canonical paths of the data files whose content was used."""
    applications: frozenset[str] = frozenset()
    """Applications whose progress was asked for."""

    @property
    def nothing(self) -> bool:
        """Whether no row was read: the condition of a blind append."""
        return not (self.predicates or self.files)

    def joined(self, other: ReadSet) -> ReadSet:
        """Return everything that one of the two depends on."""
        return ReadSet(
            predicates=(*self.predicates, *other.predicates),
            files=self.files | other.files,
            applications=self.applications | other.applications,
        )


NOTHING_READ = ReadSet()
