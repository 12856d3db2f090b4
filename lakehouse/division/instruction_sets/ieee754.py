"""Binary floating point, correctly rounded (IEEE 754-2019): formats of 16, 32 and 64 bits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lakehouse.division.errors import InvalidOperandError
from lakehouse.division.float_operand import BINARY64, FloatFormat, FloatOperand
from lakehouse.division.float_rounding import (
    FlaggedFloat,
    FloatFlag,
    FloatResult,
    FloatRounding,
    round_to_format,
)
from lakehouse.division.instruction_set import InstructionSet, Ratio, WholeQuotient
from lakehouse.division.number_kind import NumberKind
from lakehouse.division.operand import Operand
from lakehouse.division.result import Result

__all__ = ["Ieee754InstructionSet"]

_GUARD_BITS = 2


class Ieee754InstructionSet(InstructionSet):
    """Floats of one ``format``: nothing raises, a division by zero is infinite and a flag."""

    base = 2

    def __init__(
        self,
        *,
        format: FloatFormat = BINARY64,  # noqa: A002 - IEEE 754's word
        rounding: FloatRounding = FloatRounding.TIES_TO_EVEN,
    ) -> None:
        self.format = format
        self.rounding = rounding

    def shift_left(self, magnitude: int, places: int) -> int:
        return magnitude << places

    def length(self, magnitude: int) -> int:
        return magnitude.bit_length()

    def validate(self, dividend: Operand, divisor: Operand) -> Result | None:
        left, right = self._float(dividend), self._float(divisor)
        negative = left.negative != right.negative
        if left.kind.is_nan or right.kind.is_nan:
            return self._propagated(left, right)
        both = (left.kind, right.kind)
        if both == (NumberKind.INFINITE, NumberKind.INFINITE) or (left.is_zero and right.is_zero):
            return self._decided(self._nan(), self._nan(), FloatFlag.INVALID)
        if left.kind is NumberKind.INFINITE:
            return self._decided(self._infinity(negative=negative), self._nan())
        if right.is_zero:
            return self._decided(self._infinity(negative=negative), self._nan(), FloatFlag.DIVIDE_BY_ZERO)
        if right.kind is NumberKind.INFINITE or left.is_zero:
            return self._decided(self._zero(negative=negative), replace(left, format=self.format))
        return None

    def ratios(self, dividend: Operand, divisor: Operand) -> Sequence[Ratio]:
        left, right = self._float(dividend), self._float(divisor)
        least = min(left.exponent, right.exponent)
        signs = {"negative_dividend": left.negative, "negative_divisor": right.negative}
        scaled = left.magnitude << self._extra_bits(left, right)
        return [
            Ratio(dividend=scaled, divisor=right.magnitude, integral=False, **signs),
            Ratio(
                dividend=left.magnitude << (left.exponent - least),
                divisor=right.magnitude << (right.exponent - least),
                **signs,
            ),
        ]

    def result(self, dividend: Operand, divisor: Operand, quotients: Sequence[WholeQuotient]) -> Result:
        left, right = self._float(dividend), self._float(divisor)
        digits, whole = quotients
        quotient = self._rounded(
            digits.quotient,
            left.exponent - right.exponent - self._extra_bits(left, right),
            negative=digits.negative_quotient,
            sticky=digits.remainder > 0,
        )
        negative = whole.negative_remainder if whole.remainder else left.negative
        least = min(left.exponent, right.exponent)
        remainder = self._rounded(whole.remainder, least, negative=negative)
        return FloatResult(quotient=quotient.number, remainder=remainder.number, flags=quotient.flags)

    def _extra_bits(self, left: FloatOperand, right: FloatOperand) -> int:
        wanted = self.format.precision + _GUARD_BITS + self.length(right.magnitude)
        return max(wanted - self.length(left.magnitude), 0)

    def _rounded(
        self, magnitude: int, exponent: int, *, negative: bool, sticky: bool = False
    ) -> FlaggedFloat:
        return round_to_format(
            magnitude,
            exponent,
            negative=negative,
            sticky=sticky,
            format=self.format,
            rounding=self.rounding,
        )

    def _float(self, operand: Operand) -> FloatOperand:
        if not isinstance(operand, FloatOperand):
            raise InvalidOperandError(value=operand, expected="a FloatOperand")
        return operand

    def _propagated(self, left: FloatOperand, right: FloatOperand) -> FloatResult:
        """The dividend's NaN goes first, made quiet; a signalling one is an invalid operation."""
        signalling = NumberKind.SIGNALING_NAN in {left.kind, right.kind}
        source = left if left.kind.is_nan else right
        quiet = replace(source, kind=NumberKind.QUIET_NAN, format=self.format)
        return self._decided(quiet, quiet, FloatFlag.INVALID if signalling else FloatFlag.NONE)

    def _decided(
        self, quotient: FloatOperand, remainder: FloatOperand, flags: FloatFlag = FloatFlag.NONE
    ) -> FloatResult:
        return FloatResult(quotient=quotient, remainder=remainder, flags=flags)

    def _nan(self) -> FloatOperand:
        return FloatOperand(magnitude=0, kind=NumberKind.QUIET_NAN, format=self.format)

    def _infinity(self, *, negative: bool) -> FloatOperand:
        return FloatOperand(negative=negative, magnitude=0, kind=NumberKind.INFINITE, format=self.format)

    def _zero(self, *, negative: bool) -> FloatOperand:
        return FloatOperand(
            negative=negative, magnitude=0, exponent=self.format.tiny_exponent, format=self.format
        )
