"""Operands: what they take, hold and refuse."""

from __future__ import annotations

import dataclasses

import pytest

from lakehouse.division import InvalidOperandError, NumericalOverflowException, Operand


def test_the_sign_is_apart_from_the_magnitude() -> None:
    assert (Operand.of(-7).negative, Operand.of(-7).magnitude) == (True, 7)


def test_an_operand_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Operand.of(1).magnitude = 2  # type: ignore[misc]


@pytest.mark.parametrize(
    ("text", "base", "value"), [("ff", 16, 255), ("-Z", 36, -35), ("+101", 2, 5), ("-0", 10, 0)]
)
def test_digits_are_read_in_their_base(text: str, base: int, value: int) -> None:
    assert int(Operand.of(text, base=base)) == value


@pytest.mark.parametrize("base", [2, 3, 10, 16, 36])
def test_the_text_of_an_operand_is_read_back(base: int) -> None:
    for value in (0, 1, base - 1, base, -(base**9) + 1, 10**40):
        text = str(Operand.of(value, base=base))
        assert int(text, base) == value
        assert int(Operand.of(text, base=base)) == value


def test_text_longer_than_pythons_own_limit_is_read() -> None:
    assert Operand.of("9" * 10_000).magnitude == 10**10_000 - 1


@pytest.mark.parametrize("value", ["", "-", "12a", "1_000", "١٢", "0x1", "1.5", True, 1.0, None])
def test_anything_else_is_refused_by_name(value: object) -> None:
    with pytest.raises(InvalidOperandError, match="Fix:"):
        Operand.of(value)  # type: ignore[arg-type]


def test_a_width_is_kept() -> None:
    assert int(Operand.of(-128, width=8)) == -128
    with pytest.raises(NumericalOverflowException, match="8 bits"):
        Operand.of(128, width=8)
