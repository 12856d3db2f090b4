"""The signal that only the exact rules can tell what values are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa

__all__ = ["Unsure", "arrow_is_sure", "holds_for_all"]


class Unsure(Exception):  # noqa: N818 - a signal within this package
    """Some value may be read in two ways, or does not fit."""


@contextmanager
def arrow_is_sure() -> Iterator[None]:
    """Raise Unsure for whatever Arrow refuses."""
    try:
        yield
    except (pa.ArrowException, OverflowError) as error:
        raise Unsure from error


def holds_for_all(found: pa.Scalar) -> None:
    """Raise Unsure where an aggregate over a column is false; it is NULL where there was no value."""
    if found.as_py() is False:
        raise Unsure
