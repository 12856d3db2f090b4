"""What one version of a table says, before it has a number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from lakehouse.delta_log.actions import Action, encode_actions

__all__ = ["Commit"]


@dataclass(frozen=True, kw_only=True)
class Commit:
    """Actions that become visible together, under one transaction id."""

    actions: Sequence[Action]
    """CommitInfo first (Delta PROTOCOL, "In-Commit Timestamps")."""
    transaction_id: str
    """A UUID, also in CommitInfo: distinguishes this commit from any other of the same content."""

    @cached_property
    def body(self) -> bytes:
        """The commit file's content."""
        return encode_actions(self.actions)
