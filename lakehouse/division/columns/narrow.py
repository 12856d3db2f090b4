"""Blocks of numbers of up to 64 bits: one word a number."""

from __future__ import annotations

import numpy as np

from lakehouse.division.columns.kernel import BLOCK_ROWS, MagnitudeKernel
from lakehouse.division.columns.rounded import (
    Mask,
    Signed,
    Words,
    magnitudes,
    moves_away,
    nearer_above_words,
    signed,
    signs,
)
from lakehouse.division.columns.words import Block
from lakehouse.division.step import TO_NEAREST, Step

__all__ = ["NarrowDivider"]


class NarrowDivider:
    """Divides blocks in ``width`` bits; owns the kernel's output, so it belongs to one thread."""

    def __init__(self, kernel: MagnitudeKernel, *, width: int, step: Step) -> None:
        self.width = width
        self.step = step
        self._kernel = kernel
        self._outputs = np.empty((2, BLOCK_ROWS), np.uint64)

    def divide(self, left: Block, right: Block, excluded: Mask | None) -> tuple[Signed, Signed, Mask]:
        """Quotients, remainders, and which quotients overflow; rows of ``excluded`` have any numbers.

        The arrays are the divider's own, and good until the next call.
        """
        dividends, divisors = left.low, right.low
        if excluded is not None:
            dividends, divisors = np.where(excluded, 0, dividends), np.where(excluded, 1, divisors)
        upper, lower = self.magnitudes(dividends, divisors)
        quotients, remainders = (output[: len(upper)] for output in self._outputs)
        self._kernel.divide(upper, lower, quotients, remainders)
        return self.finish(dividends, divisors, lower, quotients, remainders)

    def magnitudes(self, dividends: Signed, divisors: Signed) -> tuple[Words, Words]:
        """Both without their signs."""
        return magnitudes(dividends), magnitudes(divisors)

    def finish(
        self, dividends: Signed, divisors: Signed, lower: Words, quotients: Words, remainders: Words
    ) -> tuple[Signed, Signed, Mask]:
        """Round the truncated magnitudes, and give them their signs."""
        nearest = self.step in TO_NEAREST
        away = moves_away(
            self.step,
            dividends=dividends,
            divisors=divisors,
            inexact=remainders != 0,
            is_nearer=nearer_above_words(self.step, quotients, remainders, lower) if nearest else None,
        )
        rest_signs = signs(dividends)
        if away is not None:
            np.add(quotients, away, out=quotients, casting="unsafe")
            np.subtract(lower, remainders, out=remainders, where=away)
            rest_signs = rest_signs ^ -away.astype(np.int64)
        overflow = (quotients >= np.uint64(1 << (self.width - 1))) & ((dividends ^ divisors) >= 0)
        return signed(quotients, signs(dividends ^ divisors)), signed(remainders, rest_signs), overflow
