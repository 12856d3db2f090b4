"""What divides the magnitudes of a block of rows, and which of them is installed."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

from lakehouse.division.columns.options import Algorithm, Engine
from lakehouse.errors import MissingDependencyError
from lakehouse.optional_imports import is_installed

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Words = npt.NDArray[np.uint64]

__all__ = ["BLOCK_ROWS", "MagnitudeKernel", "kernel_for", "resolve_engine"]

BLOCK_ROWS = 16_384
"""Rows worked on at once: a few arrays of 128 KiB, which stay in a core's second-level cache."""


class MagnitudeKernel(Protocol):
    """Divides natural numbers row by row; divisors lie between 1 and 2^63 (2^127 in two words)."""

    def divide(self, dividends: Words, divisors: Words, quotients: Words, remainders: Words) -> None:
        """Fill ``quotients`` and ``remainders``; all four arrays have the same length, at most BLOCK_ROWS."""

    def divide_wide(self, dividends: Words, divisors: Words, quotients: Words, remainders: Words) -> None:
        """The same for numbers of two words: row 0 of each array has the low words, row 1 the high ones."""


_MODULES = {
    ("shift_subtract", "numpy"): "lakehouse.division.columns.shift_subtract_numpy",
    ("shift_subtract", "numba"): "lakehouse.division.columns.shift_subtract_numba",
    ("newton", "numpy"): "lakehouse.division.columns.newton",
    ("newton", "numba"): "lakehouse.division.columns.newton",
}


_installed = lru_cache(is_installed)


def resolve_engine(engine: Engine, algorithm: Algorithm) -> Engine:
    """The engine to use for ``auto``; raises MissingDependencyError for one that is not installed."""
    if engine == "auto":
        engine = "numba" if _installed("numba") else "numpy" if _installed("numpy") else "rows"
    if engine == "rows" and algorithm == "newton":
        engine = "numpy"
    if engine != "rows" and not _installed(engine):
        raise MissingDependencyError(
            package=engine, extra="fast", purpose=f"division by {algorithm} with {engine}"
        )
    return engine


def kernel_for(engine: Engine, algorithm: Algorithm) -> MagnitudeKernel:
    """A kernel of one's own: it has scratch memory, so two threads must not share it."""
    make: Callable[[], MagnitudeKernel] = importlib.import_module(_MODULES[algorithm, engine]).make_kernel
    return make()
