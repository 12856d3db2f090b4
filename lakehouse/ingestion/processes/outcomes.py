"""What becomes of one item: its value, or why there is no value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

__all__ = ["NotProcessed", "ProcessOutcome", "Processed"]

Item = TypeVar("Item")
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Processed(Generic[Item, Value]):
    """The work on the item came to its end."""

    item: Item
    value: Value
    attempts: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class NotProcessed(Generic[Item]):
    """There is no value, however often the item is tried."""

    item: Item
    reason: str
    """Completes the sentence "the item is not processed: …"."""
    attempts: int
    details: str = ""
    """The traceback in the worker; empty where the worker died."""


ProcessOutcome = Processed[Item, Value] | NotProcessed[Item]
