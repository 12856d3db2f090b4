"""Repeating expansions, against exact fractions."""

from __future__ import annotations

from fractions import Fraction

import pytest

from lakehouse.division import (
    DivideByZeroException,
    NumericalOverflowException,
    RepeatingExpansion,
    expand,
)


def value_of(expansion: RepeatingExpansion, base: int) -> Fraction:
    """The sum of the digits, the period as a geometric series."""

    def number(digits: tuple[int, ...]) -> int:
        return sum(digit * base**place for place, digit in enumerate(reversed(digits)))

    value = Fraction(number(expansion.whole)) + Fraction(number(expansion.prefix), base**expansion.start)
    if expansion.period:
        value += Fraction(number(expansion.period), base**expansion.start * (base**expansion.length - 1))
    return -value if expansion.negative else value


@pytest.mark.parametrize("base", [2, 3, 7, 10, 16, 36])
def test_the_digits_sum_to_the_fraction_and_the_period_is_the_shortest(base: int) -> None:
    for dividend in (-22, -1, 0, 1, 5, 355):
        for divisor in [value for value in range(-40, 120) if value]:
            expansion = expand(dividend, divisor, base=base)
            assert value_of(expansion, base) == Fraction(dividend, divisor)
            assert expansion.start == shortest_prefix(divisor, dividend, base)
            assert expansion.length == order(divisor, dividend, base)


def shortest_prefix(divisor: int, dividend: int, base: int) -> int:
    reduced, places = Fraction(dividend, divisor).denominator, 0
    while not is_coprime_after(reduced, places, base):
        places += 1
    return places


def is_coprime_after(reduced: int, places: int, base: int) -> bool:
    rest = Fraction(base**places, reduced).denominator
    return Fraction(base, rest).denominator == rest


def order(divisor: int, dividend: int, base: int) -> int:
    """The multiplicative order of the base, by the part of the denominator that is coprime to it."""
    rest = Fraction(
        base ** shortest_prefix(divisor, dividend, base), Fraction(dividend, divisor).denominator
    ).denominator
    length, power = 1, base % rest if rest > 1 else 0
    while rest > 1 and power != 1:
        length, power = length + 1, power * base % rest
    return length if rest > 1 else 0


@pytest.mark.parametrize(
    ("dividend", "divisor", "text"),
    [
        (1, 3, "0.(3)"),
        (-1, 12, "-0.08(3)"),
        (22, 7, "3.(142857)"),
        (1, 8, "0.125"),
        (6, 3, "2"),
        (0, -5, "0"),
    ],
)
def test_the_period_is_written_in_parentheses(dividend: int, divisor: int, text: str) -> None:
    assert str(expand(dividend, divisor)) == text


def test_a_period_longer_than_asked_for_is_an_overflow() -> None:
    assert expand(1, 983).length == 982
    with pytest.raises(NumericalOverflowException, match="900 digits"):
        expand(1, 983, max_digits=900)
    with pytest.raises(DivideByZeroException):
        expand(1, 0)
