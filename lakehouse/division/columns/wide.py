"""Blocks of numbers of up to 128 bits: two words a number, row 0 the low ones, row 1 the high ones."""

from __future__ import annotations

import numpy as np

from lakehouse.division.columns.kernel import BLOCK_ROWS, MagnitudeKernel
from lakehouse.division.columns.rounded import Mask, Signed, Words, moves_away, nearer_above, signs
from lakehouse.division.columns.words import Block
from lakehouse.division.step import TO_NEAREST, Step

__all__ = ["WideDivider"]

_SIGN_WORD = np.uint64(1 << 63)


class WideDivider:
    """Divides blocks in 128 bits; owns the kernel's output, so it belongs to one thread."""

    width = 128

    def __init__(self, kernel: MagnitudeKernel, *, step: Step) -> None:
        self._kernel = kernel
        self._step = step
        self._outputs = np.empty((2, 2, BLOCK_ROWS), np.uint64)

    def divide(self, left: Block, right: Block, excluded: Mask | None) -> tuple[Signed, Signed, Mask]:
        """Quotients and remainders of two words a row, and which quotients overflow."""
        dividends, divisors = _words(left, excluded, 0), _words(right, excluded, 1)
        left_signs, right_signs = signs(dividends[1]), signs(divisors[1])
        upper, lower = _signed(dividends, left_signs), _signed(divisors, right_signs)
        quotients, remainders = (output[:, : upper.shape[1]] for output in self._outputs)
        self._divide(upper, lower, quotients, remainders)
        nearest = self._step in TO_NEAREST
        away = moves_away(
            self._step,
            dividends=dividends[1],
            divisors=divisors[1],
            inexact=(remainders[0] | remainders[1]) != 0,
            is_nearer=_nearer_above(self._step, quotients, remainders, lower) if nearest else None,
        )
        rest_signs = left_signs
        if away is not None:
            quotients = _add_bit(quotients, away)
            remainders = np.where(away, _difference(lower, remainders), remainders)
            rest_signs = rest_signs ^ -away.astype(np.int64)
        overflow = (quotients[1] >= _SIGN_WORD) & (left_signs == right_signs)
        return (
            _signed(quotients, left_signs ^ right_signs).view(np.int64),
            _signed(remainders, rest_signs).view(np.int64),
            overflow,
        )

    def _divide(self, upper: Words, lower: Words, quotients: Words, remainders: Words) -> None:
        """One word does where no number of the block has more than 63 bits."""
        if upper[1].any() or lower[1].any() or (np.maximum(upper[0], lower[0]) >= _SIGN_WORD).any():
            self._kernel.divide_wide(upper, lower, quotients, remainders)
            return
        quotients[1], remainders[1] = 0, 0
        self._kernel.divide(upper[0], lower[0], quotients[0], remainders[0])


def _words(block: Block, excluded: Mask | None, instead: int) -> Signed:
    words = np.stack([block.low, block.high_words()])
    if excluded is not None:
        words[0][excluded], words[1][excluded] = instead, 0
    return words


def _signed(words: Words | Signed, negative: Signed) -> Words:
    """Two's complement of two words; ``negative`` is -1 or 0. It is its own inverse."""
    mask = negative.view(np.uint64)
    flipped = np.ascontiguousarray(words).view(np.uint64) ^ mask
    return _add_bit(flipped, negative != 0)


def _add_bit(words: Words, bit: Mask) -> Words:
    low = words[0] + bit.astype(np.uint64)
    high = words[1] + (bit & (low == 0)).astype(np.uint64)
    return np.stack([low, high])


def _difference(left: Words, right: Words) -> Words:
    low = left[0] - right[0]
    high = left[1] - right[1] - (left[0] < right[0]).astype(np.uint64)
    return np.stack([low, high])


def _nearer_above(step: Step, quotients: Words, remainders: Words, divisors: Words) -> Mask:
    rest = _difference(divisors, remainders)
    same = (remainders[0] == rest[0]) & (remainders[1] == rest[1])
    beyond = (remainders[1] > rest[1]) | ((remainders[1] == rest[1]) & (remainders[0] > rest[0]))
    return nearer_above(step, quotients[0], beyond=beyond, tied=same)
