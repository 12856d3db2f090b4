"""Bits of a 64-bit word, as single machine instructions. Squares and words are uint64 throughout:

mixing uint64 with int64 makes float64 in numba, so constants are ``np.uint64`` too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar, cast

import numpy as np
from llvmlite import ir
from numba import config, njit, types
from numba.extending import intrinsic

from lakehouse.chess.fast.compile_cache import cache_folder

__all__ = ["ALL", "ONE", "ZERO", "Word", "bit", "clz", "ctz", "kernel", "popcount", "signed"]

Word: TypeAlias = Any
"""uint64 inside a kernel. numba infers it; mypy would follow numpy's other rules of promotion."""

ZERO, ONE, ALL = np.uint64(0), np.uint64(1), np.uint64(0xFFFFFFFFFFFFFFFF)

Function = TypeVar("Function", bound=Callable[..., Any])


def kernel(function: Function) -> Function:
    """Compile a function, keep it on disk, and run it free of Python's lock."""
    settings: Any = config
    before, folder = settings.CACHE_DIR, cache_folder()
    settings.CACHE_DIR = before if folder is None else str(folder)
    try:
        compiled = njit(cache=folder is not None, nogil=True, error_model="numpy")(function)
    finally:
        settings.CACHE_DIR = before
    return cast("Function", compiled)


@intrinsic
def _popcount(typing_context: Any, word: Any) -> Any:
    """Return how many bits are set."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.uint64(types.uint64), generate


@intrinsic
def _ctz(typing_context: Any, word: Any) -> Any:
    """Return the place of the lowest bit; 64 for zero."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 0))

    return types.uint64(types.uint64), generate


@intrinsic
def _clz(typing_context: Any, word: Any) -> Any:
    """Return how many bits above the highest one are zero; 64 for zero."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctlz(arguments[0], ir.Constant(ir.IntType(1), 0))

    return types.uint64(types.uint64), generate


popcount = cast("Callable[[Word], Word]", _popcount)
ctz = cast("Callable[[Word], Word]", _ctz)
clz = cast("Callable[[Word], Word]", _clz)


@kernel
def bit(square: Word) -> Word:
    """Return the word with one bit set."""
    return ONE << square


@kernel
def signed(word: Word) -> int:
    """Return the word as int64, for plain arithmetic."""
    return np.int64(word)  # type: ignore[return-value]  # numba: int(word) would stay unsigned
