"""Natural numbers and their digits in any base from 2 to 36, by shifting, comparing and subtracting only."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from lakehouse.division.errors import InvalidOperandError

__all__ = [
    "check_base",
    "digit_count",
    "digits_of",
    "number_of",
    "parse_digits",
    "power",
    "scale_up",
    "text_of",
]

_NUMERALS = "0123456789abcdefghijklmnopqrstuvwxyz"
_CACHED_EXPONENTS = 512
_CHUNK = 4000
"""Digits that ``int`` reads at once: CPython refuses more than 4,300."""


def check_base(base: int) -> None:
    """Raise InvalidOperandError unless 2 <= base <= 36."""
    if not 2 <= base <= len(_NUMERALS):
        raise InvalidOperandError(value=base, expected="a base from 2 to 36")


def power(base: int, exponent: int) -> int:
    """``base`` to a natural ``exponent``, by squaring (``**`` takes negative ones too: a reciprocal)."""
    if exponent < 0:
        raise InvalidOperandError(value=exponent, expected="an exponent of at least 0")
    return _small_power(base, exponent) if exponent <= _CACHED_EXPONENTS else _power(base, exponent)


def _power(base: int, exponent: int) -> int:
    result, square = 1, base
    while exponent:
        if exponent & 1:
            result *= square
        exponent >>= 1
        if exponent:
            square *= square
    return result


_small_power = lru_cache(maxsize=4096)(_power)


def scale_up(magnitude: int, places: int, base: int) -> int:
    """Append ``places`` zeros to the digits of ``magnitude``."""
    if base == 2:
        return magnitude << places
    return magnitude * power(base, places) if places else magnitude


def digit_count(magnitude: int, base: int) -> int:
    """How many digits ``magnitude`` has; 0 for zero. By halving the interval: no logarithm is exact."""
    bits = magnitude.bit_length()
    if base == 2 or not magnitude:
        return bits
    low, high = 0, bits
    while low < high:
        middle = (low + high) >> 1
        low, high = (low, middle) if power(base, middle) > magnitude else (middle + 1, high)
    return low


def digits_of(magnitude: int, base: int) -> tuple[int, ...]:
    """The digits, highest first; ``(0,)`` for zero."""
    digits, rest = [], magnitude
    for place in range(digit_count(magnitude, base) - 1, -1, -1):
        unit, digit = power(base, place), 0
        while rest >= unit:
            rest -= unit
            digit += 1
        digits.append(digit)
    return tuple(digits) or (0,)


def number_of(digits: Sequence[int], base: int) -> int:
    """The natural number with these digits, highest first; no digits are zero."""
    value = 0
    for digit in digits:
        value = value * base + digit
    return value


def text_of(digits: Sequence[int]) -> str:
    """The numerals of ``digits``: ``(15, 15)`` is ``ff``."""
    return "".join(_NUMERALS[digit] for digit in digits)


def parse_digits(text: str, base: int) -> int:
    """The natural number that ``text`` writes in ``base``; raises InvalidOperandError on anything else."""
    check_base(base)
    if (
        not text
        or not text.isascii()
        or any(_NUMERALS.find(numeral) not in range(base) for numeral in text.lower())
    ):
        raise InvalidOperandError(value=text, expected=f"digits of base {base}")
    value = 0
    for start in range(0, len(text), _CHUNK):
        chunk = text[start : start + _CHUNK]
        value = value * power(base, len(chunk)) + int(chunk, base)
    return value
