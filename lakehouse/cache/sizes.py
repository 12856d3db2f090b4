"""How many bytes a value takes, for the kinds of value that know it."""

from __future__ import annotations

from typing import Any

from lakehouse.cache.errors import UnknownSizeError

__all__ = ["size_of"]


def size_of(value: Any) -> int:
    """Return the bytes of the content: of bytes-like, text (as UTF-8), Arrow, NumPy and pandas values.

    Raises UnknownSizeError for others: a guess would make the bound a lie.
    """
    if isinstance(value, bytes | bytearray):
        return len(value)
    if isinstance(value, str):
        return len(value) if value.isascii() else len(value.encode("utf-8", "surrogatepass"))
    size = getattr(value, "nbytes", None)
    if isinstance(size, int):
        return size
    raise UnknownSizeError(value=value)
