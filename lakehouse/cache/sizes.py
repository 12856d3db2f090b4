"""How many bytes a value takes, for the kinds of value that know it."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, TypeVar

from lakehouse.cache.errors import InvalidSizeError, UnknownSizeError

__all__ = ["measured", "size_of"]

V = TypeVar("V")


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


def measured(sizeof: Callable[[V], int], key: object, value: V) -> int:
    """Return what ``sizeof`` says of the value. Raises InvalidSizeError unless that is a whole number from 0."""
    size: object = sizeof(value)
    try:
        whole = operator.index(size)  # type: ignore[arg-type]  # whatever somebody's function returns
    except TypeError:
        raise InvalidSizeError(key=key, size=size) from None
    if whole < 0 or isinstance(size, bool):
        raise InvalidSizeError(key=key, size=size)
    return whole
