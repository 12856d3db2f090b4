"""How version N of a table becomes visible: the one interface, and its outcomes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from lakehouse.delta_log.commit import Commit

__all__ = ["AlreadyTaken", "CommitProtocol", "Visible"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Visible:
    """The version is this commit, and no other writer can replace it."""

    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AlreadyTaken:
    """Another commit holds the version; ours is not visible anywhere."""

    version: int


class CommitProtocol(Protocol):
    """Makes version N of a table visible: whole or not at all, and for one writer only."""

    def publish(self, version: int, commit: Commit) -> Visible | AlreadyTaken:
        """Make ``commit`` the table's version; the versions before it must be there.

        Any exception leaves it open whether the commit became visible: read the version and compare its
        transaction id before doing anything else.
        """
        ...

    def read_from(self, version: int, *, at_most: int = 1_000) -> Sequence[bytes]:
        """Return the commit files from ``version`` on, without a gap, each in its final form."""
        ...

    def has(self, version: int) -> bool:
        """Return whether the commit file of ``version`` is there; an old one may have been cleaned up."""
        ...
