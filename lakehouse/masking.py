"""Values that nobody is to read: they are left out of errors, of what is printed and of what is recorded."""

from __future__ import annotations

__all__ = ["hide", "masked"]

_MASK = "***"
_hidden: set[str] = set()


def hide(value: str) -> None:
    """Leave a value out of every text from now on, in this process."""
    if value:
        _hidden.add(value)


def masked(text: str) -> str:
    """Return a text without hidden values; the longest goes first, since another may be part of it."""
    for value in sorted(_hidden, key=len, reverse=True):
        text = text.replace(value, _MASK)
    return text
