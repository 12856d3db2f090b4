"""What one operation adds to a commit, as a value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from lakehouse.delta_log.actions import Action
from lakehouse.delta_log.data_files import WrittenFile
from lakehouse.delta_log.transaction.conflicts import NOTHING_READ, ReadSet

__all__ = ["Change", "Operation", "json_text"]


def json_text(value: Any) -> str:
    """Return how an operation's parameter is written."""
    return msgspec.json.encode(value).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What a commit is called in the table's history."""

    name: str
    """Delta's own: WRITE, DELETE, OPTIMIZE, …"""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """Each value as JSON text, as delta-spark writes them."""

    @classmethod
    def of(cls, name: str, /, **parameters: Any) -> Operation:
        """Return the operation with each parameter as JSON text; a text stays as it is."""
        texts = {
            key: value if isinstance(value, str) else json_text(value) for key, value in parameters.items()
        }
        return cls(name=name, parameters=texts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Actions for a commit, and what they depend on. Nothing happens until a transaction applies it."""

    actions: Sequence[Action] = ()
    operation: Operation | None = None
    """None leaves the commit with the name that it has."""
    reads: ReadSet = NOTHING_READ
    written: Sequence[WrittenFile] = ()
    """Data files that the operation wrote: a caller that drops the change must delete them."""

    def then(self, later: Change) -> Change:
        """Return both as one change; the later operation names it."""
        return Change(
            actions=(*self.actions, *later.actions),
            operation=later.operation or self.operation,
            reads=self.reads.joined(later.reads),
            written=(*self.written, *later.written),
        )

    def called(self, operation: Operation) -> Change:
        """Return the change under another name."""
        return replace(self, operation=operation)
