"""Complex numbers over whole numbers (Gaussian integers) or over floats, each part rounded once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lakehouse.division.complex_operand import ComplexOperand, ComplexResult
from lakehouse.division.errors import InvalidOperandError
from lakehouse.division.float_operand import FloatOperand
from lakehouse.division.instruction_set import InstructionSet, Ratio, WholeQuotient
from lakehouse.division.number_kind import NumberKind
from lakehouse.division.operand import Operand
from lakehouse.division.result import Result

__all__ = ["ComplexInstructionSet"]


class ComplexInstructionSet(InstructionSet):
    """Complex numbers whose parts are numbers of the instruction set ``parts``.

    The products are exact, so there is no scaling to choose (Smith 1962) and no overflow on the way: each
    part of the quotient is what exact arithmetic gives, rounded once. The remainder is exact, and NaN if the
    quotient is not finite. Finite by infinite is zero, everything else about infinite operands is NaN.
    """

    def __init__(self, parts: InstructionSet) -> None:
        self.parts = parts
        self.base = parts.base

    def shift_left(self, magnitude: int, places: int) -> int:
        return self.parts.shift_left(magnitude, places)

    def length(self, magnitude: int) -> int:
        return self.parts.length(magnitude)

    def validate(self, dividend: Operand, divisor: Operand) -> Result | None:
        left, right = _complex(dividend), _complex(divisor)
        for part in (*left.parts, *right.parts):
            self.parts.validate(part, _like(part, 1, 0))
        if all(_is_zero(part) for part in right.parts):
            return self._by_zero(left, right)
        if all(_is_finite(part) for part in (*left.parts, *right.parts)):
            return None
        return self._not_finite(left, right)

    def ratios(self, dividend: Operand, divisor: Operand) -> Sequence[Ratio]:
        real, imaginary, norm = _products(_complex(dividend), _complex(divisor))
        return [*self.parts.ratios(real, norm), *self.parts.ratios(imaginary, norm)]

    def result(self, dividend: Operand, divisor: Operand, quotients: Sequence[WholeQuotient]) -> Result:
        left, right = _complex(dividend), _complex(divisor)
        real, imaginary, norm = _products(left, right)
        count = len(quotients) >> 1
        parts = [
            self.parts.result(numerator, norm, self._quotients_only(numerator, norm, answers))
            for numerator, answers in ((real, quotients[:count]), (imaginary, quotients[count:]))
        ]
        return _together(parts[0], parts[1], left, right)

    def _quotients_only(
        self, numerator: Operand, norm: Operand, answers: Sequence[WholeQuotient]
    ) -> list[WholeQuotient]:
        """A remainder by the norm is not the division's remainder, and may not fit the parts' width."""
        ratios = self.parts.ratios(numerator, norm)
        return [
            replace(answer, remainder=0) if ratio.integral else answer
            for ratio, answer in zip(ratios, answers, strict=True)
        ]

    def _by_zero(self, left: ComplexOperand, right: ComplexOperand) -> Result | None:
        """Each part by the zero: an exception for whole numbers, infinity or NaN with a flag for floats."""
        real, imaginary = (self.parts.validate(part, right.real) for part in left.parts)
        return None if real is None or imaginary is None else _together(real, imaginary, left, right)

    def _not_finite(self, left: ComplexOperand, right: ComplexOperand) -> Result:
        vanishes = all(_is_finite(part) for part in left.parts) and not any(map(_is_nan, right.parts))
        nan = replace(_like(left.real, 0, 0), kind=NumberKind.QUIET_NAN)  # type: ignore[call-arg]  # only floats get here
        quotient = _like(left.real, 0, 0) if vanishes else nan
        part = Result(quotient=quotient, remainder=nan)
        both = ComplexOperand.of_parts(quotient, quotient)
        rest = left if vanishes else ComplexOperand.of_parts(nan, nan)
        return ComplexResult(quotient=both, remainder=rest, real=part, imaginary=part)


def _complex(operand: Operand) -> ComplexOperand:
    if not isinstance(operand, ComplexOperand):
        raise InvalidOperandError(value=operand, expected="a ComplexOperand")
    return operand


def _is_finite(part: Operand) -> bool:
    return not isinstance(part, FloatOperand) or part.kind is NumberKind.FINITE


def _is_nan(part: Operand) -> bool:
    return isinstance(part, FloatOperand) and part.kind.is_nan


def _is_zero(part: Operand) -> bool:
    return _is_finite(part) and not part.magnitude


def _exponent(part: Operand) -> int:
    return part.exponent if isinstance(part, FloatOperand) else 0


def _like(part: Operand, value: int, exponent: int) -> Operand:
    """The exact number ``value * 2^exponent`` as an operand of the part's kind, of any width."""
    if isinstance(part, FloatOperand):
        return FloatOperand(negative=value < 0, magnitude=abs(value), exponent=exponent, format=part.format)
    return Operand(negative=value < 0, magnitude=abs(value), base=part.base)


def _signed(part: Operand, least: int) -> int:
    magnitude = part.magnitude << (_exponent(part) - least)
    return -magnitude if part.negative else magnitude


def _aligned(number: ComplexOperand) -> tuple[int, int, int]:
    least = min(_exponent(part) for part in number.parts)
    return _signed(number.real, least), _signed(number.imaginary, least), least


def _products(dividend: ComplexOperand, divisor: ComplexOperand) -> tuple[Operand, Operand, Operand]:
    """``dividend * conjugate(divisor)`` in two parts, and the divisor's norm."""
    a, b, left = _aligned(dividend)
    c, d, right = _aligned(divisor)
    part = dividend.real
    return (
        _like(part, a * c + b * d, left + right),
        _like(part, b * c - a * d, left + right),
        _like(part, c * c + d * d, right + right),
    )


def _together(real: Result, imaginary: Result, left: ComplexOperand, right: ComplexOperand) -> ComplexResult:
    quotient = ComplexOperand.of_parts(real.quotient, imaginary.quotient)
    return ComplexResult(
        quotient=quotient,
        remainder=_remainder(left, right, quotient),
        real=real,
        imaginary=imaginary,
    )


def _remainder(left: ComplexOperand, right: ComplexOperand, quotient: ComplexOperand) -> ComplexOperand:
    if not all(_is_finite(part) for part in quotient.parts):
        return quotient
    a, b, left_exponent = _aligned(left)
    c, d, right_exponent = _aligned(right)
    x, y, exponent = _aligned(quotient)
    least = min(left_exponent, right_exponent + exponent)
    up, down = left_exponent - least, right_exponent + exponent - least
    return ComplexOperand.of_parts(
        _like(left.real, (a << up) - ((x * c - y * d) << down), least),
        _like(left.real, (b << up) - ((x * d + y * c) << down), least),
    )
