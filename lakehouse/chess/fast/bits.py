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
from numpy.typing import NDArray

from lakehouse.chess.fast.compile_cache import cache_folder

__all__ = [
    "ALL",
    "ONE",
    "ZERO",
    "Word",
    "bit",
    "clz",
    "ctz",
    "eight_bytes",
    "inlined",
    "kernel",
    "leading_bytes",
    "popcount",
    "signed",
]

Word: TypeAlias = Any
"""uint64 inside a kernel. numba infers it; mypy would follow numpy's other rules of promotion."""

ZERO, ONE, ALL = np.uint64(0), np.uint64(1), np.uint64(0xFFFFFFFFFFFFFFFF)

Function = TypeVar("Function", bound=Callable[..., Any])


def kernel(function: Function) -> Function:
    """Compile a function, keep it on disk, and run it free of Python's lock."""
    return _compiled(function, is_inlined=False)


def inlined(function: Function) -> Function:
    """Compile a kernel into each of its callers: it is a part of a step that runs for every move."""
    return _compiled(function, is_inlined=True)


def _compiled(function: Function, *, is_inlined: bool) -> Function:
    settings: Any = config
    before, folder = settings.CACHE_DIR, cache_folder()
    settings.CACHE_DIR = before if folder is None else str(folder)
    try:
        compiled = njit(cache=folder is not None, nogil=True, error_model="numpy", forceinline=is_inlined)(
            function
        )
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


@intrinsic
def _eight_bytes(typing_context: Any, data: Any, at: Any) -> Any:
    """Return the eight bytes from a place on, the first one lowest. The place and all eight must be there."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        place = builder.gep(array.data, [arguments[1]])
        word = builder.load(builder.bitcast(place, ir.IntType(64).as_pointer()))
        word.align = 1
        return word

    return types.uint64(data, types.int64), generate


popcount = cast("Callable[[Word], Word]", _popcount)
ctz = cast("Callable[[Word], Word]", _ctz)
clz = cast("Callable[[Word], Word]", _clz)


eight_bytes = cast("Callable[[NDArray[np.uint8], int], Word]", _eight_bytes)


@kernel
def leading_bytes(data: NDArray[np.uint8], at: int, count: int) -> Word:
    """Return up to eight of ``count`` bytes from a place on, the first one lowest; zeros behind them."""
    if count <= 0:
        return ZERO
    if at + 8 <= len(data):
        return eight_bytes(data, at) & (ALL >> np.uint64(8 * max(0, 8 - count)))
    word = ZERO
    for place in range(min(count, len(data) - at)):
        word |= np.uint64(data[at + place]) << np.uint64(8 * place)
    return word


@inlined
def bit(square: Word) -> Word:
    """Return the word with one bit set."""
    return ONE << square


@inlined
def signed(word: Word) -> int:
    """Return the word as int64, for plain arithmetic."""
    return np.int64(word)  # type: ignore[return-value]  # numba: int(word) would stay unsigned
