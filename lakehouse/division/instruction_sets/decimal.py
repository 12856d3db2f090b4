"""Decimal numbers with a precision: the General Decimal Arithmetic, its directives as parameters."""

from __future__ import annotations

from collections.abc import Sequence

from lakehouse.division.decimal_context import DecimalContext, DecimalFlag, DecimalResult, FlaggedDecimal
from lakehouse.division.decimal_operand import DecimalOperand, as_decimal
from lakehouse.division.errors import (
    DivideByZeroException,
    InvalidOperandError,
    InvalidOperationError,
    NumericalOverflowException,
)
from lakehouse.division.instruction_set import InstructionSet, Ratio, WholeQuotient
from lakehouse.division.instruction_sets.decimal_specials import decided_by_kind
from lakehouse.division.numerals import digit_count, digits_of, number_of, scale_up
from lakehouse.division.operand import Operand
from lakehouse.division.result import Result
from lakehouse.division.rounding import DecimalRounding

__all__ = ["DEFAULT_TRAPS", "DecimalInstructionSet"]

DEFAULT_TRAPS = (
    DecimalFlag.DIVISION_BY_ZERO
    | DecimalFlag.DIVISION_IMPOSSIBLE
    | DecimalFlag.DIVISION_UNDEFINED
    | DecimalFlag.INVALID_OPERATION
    | DecimalFlag.OVERFLOW
)
_NOT_A_NUMBER = (
    DecimalFlag.DIVISION_IMPOSSIBLE | DecimalFlag.DIVISION_UNDEFINED | DecimalFlag.INVALID_OPERATION
)
_NO_REMAINDER = DecimalFlag.OVERFLOW | DecimalFlag.UNDERFLOW
_FAR_BELOW = -2


class DecimalInstructionSet(InstructionSet):
    """Decimal digits, ``precision`` of them at most; ``rounding`` is for the digits in excess.

    ``integral=False`` is the specification's ``divide``; True is its ``divide-integer`` and ``remainder`` in
    one, where the unit's rounding chooses the whole quotient. A condition in ``traps`` raises, the others are
    flags of the result.
    """

    base = 10

    def __init__(
        self,
        *,
        precision: int,
        rounding: DecimalRounding = DecimalRounding.HALF_EVEN,
        max_exponent: int = 999_999_999,
        min_exponent: int | None = None,
        clamp: bool = False,
        integral: bool = False,
        traps: DecimalFlag = DEFAULT_TRAPS,
    ) -> None:
        if precision < 1:
            raise InvalidOperandError(value=precision, expected="a precision of at least one digit")
        self.context = DecimalContext(
            precision=precision,
            rounding=rounding,
            max_exponent=max_exponent,
            min_exponent=1 - max_exponent if min_exponent is None else min_exponent,
            clamp=clamp,
        )
        self.integral = integral
        self.traps = traps

    def shift_left(self, magnitude: int, places: int) -> int:
        return scale_up(magnitude, places, 10)

    def length(self, magnitude: int) -> int:
        return digit_count(magnitude, 10)

    def validate(self, dividend: Operand, divisor: Operand) -> Result | None:
        left, right = as_decimal(dividend), as_decimal(divisor)
        decided = decided_by_kind(left, right, context=self.context, integral=self.integral)
        if decided is None and self.integral and self._distance(left, right) > self.context.precision:
            decided = self._impossible()
        return None if decided is None else self._signalled(decided, left, right)

    def ratios(self, dividend: Operand, divisor: Operand) -> Sequence[Ratio]:
        left, right = as_decimal(dividend), as_decimal(divisor)
        signs = {"negative_dividend": left.negative, "negative_divisor": right.negative}
        if not self.integral:
            scaled = scale_up(left.magnitude, self._extra_digits(left, right), 10)
            return [Ratio(dividend=scaled, divisor=right.magnitude, integral=False, **signs)]
        if self._is_far_below(left, right):
            # Any quotient so small is rounded alike; this one has few digits, the true one may have millions.
            return [Ratio(dividend=min(left.magnitude, 1), divisor=100, **signs)]
        least = min(left.exponent, right.exponent)
        return [
            Ratio(
                dividend=scale_up(left.magnitude, left.exponent - least, 10),
                divisor=scale_up(right.magnitude, right.exponent - least, 10),
                **signs,
            )
        ]

    def result(self, dividend: Operand, divisor: Operand, quotients: Sequence[WholeQuotient]) -> Result:
        left, right = as_decimal(dividend), as_decimal(divisor)
        (whole,) = quotients
        finish = self._finish_integral if self.integral else self._finish_digits
        return self._signalled(finish(left, right, whole), left, right)

    def _finish_digits(
        self, left: DecimalOperand, right: DecimalOperand, whole: WholeQuotient
    ) -> DecimalResult:
        ideal = left.exponent - right.exponent
        coefficient, exponent = whole.quotient, ideal - self._extra_digits(left, right)
        if not whole.remainder:
            coefficient, exponent = _without_zeros(coefficient, exponent, ideal)
        quotient = self.context.finish(
            coefficient, exponent, negative=whole.negative_quotient, sticky=whole.remainder > 0
        )
        return DecimalResult(
            quotient=quotient.number, remainder=_exact_remainder(left, right, quotient), flags=quotient.flags
        )

    def _finish_integral(
        self, left: DecimalOperand, right: DecimalOperand, whole: WholeQuotient
    ) -> DecimalResult:
        if self.length(whole.quotient) > self.context.precision:
            return self._impossible()
        quotient = self.context.finish(whole.quotient, 0, negative=whole.negative_quotient)
        remainder = self._finish_remainder(left, right, whole)
        return DecimalResult(
            quotient=quotient.number,
            remainder=remainder.number,
            flags=quotient.flags,
            remainder_flags=remainder.flags,
        )

    def _finish_remainder(
        self, left: DecimalOperand, right: DecimalOperand, whole: WholeQuotient
    ) -> FlaggedDecimal:
        negative = whole.negative_remainder if whole.remainder else left.negative
        if not self._is_far_below(left, right):
            return self.context.finish(whole.remainder, min(left.exponent, right.exponent), negative=negative)
        if not whole.quotient:
            return self.context.finish(left.magnitude, left.exponent, negative=left.negative)
        # The divisor less a number far below its last digit.
        places = self.context.precision + 1
        just_below = scale_up(right.magnitude, places, 10) - 1
        return self.context.finish(just_below, right.exponent - places, negative=negative, sticky=True)

    def _extra_digits(self, left: DecimalOperand, right: DecimalOperand) -> int:
        """Zeros to append to the dividend, for a quotient of more digits than the precision."""
        return max(self.context.precision + 1 + self.length(right.magnitude) - self.length(left.magnitude), 0)

    def _distance(self, left: DecimalOperand, right: DecimalOperand) -> int:
        """By how many powers of ten the dividend's first digit is above the divisor's."""
        if not left.magnitude:
            return _FAR_BELOW
        return self.length(left.magnitude) + left.exponent - self.length(right.magnitude) - right.exponent

    def _is_far_below(self, left: DecimalOperand, right: DecimalOperand) -> bool:
        return self._distance(left, right) <= _FAR_BELOW and left.exponent < right.exponent

    def _impossible(self) -> DecimalResult:
        nothing = DecimalOperand.of("NaN")
        flags = DecimalFlag.DIVISION_IMPOSSIBLE
        return DecimalResult(quotient=nothing, remainder=nothing, flags=flags, remainder_flags=flags)

    def _signalled(
        self, outcome: DecimalResult, left: DecimalOperand, right: DecimalOperand
    ) -> DecimalResult:
        trapped = (outcome.flags | outcome.remainder_flags) & self.traps
        if DecimalFlag.DIVISION_BY_ZERO & trapped:
            raise DivideByZeroException(dividend=left, divisor=right)
        if _NOT_A_NUMBER & trapped:
            reason = (_NOT_A_NUMBER & trapped).name or "invalid operation"
            raise InvalidOperationError(dividend=left, divisor=right, reason=reason.lower().replace("_", " "))
        if trapped:
            limit = f"the context (conditions: {trapped.name}; exponents to {self.context.max_exponent})"
            raise NumericalOverflowException(value=f"{left} by {right}", limit=limit)
        return outcome


def _without_zeros(coefficient: int, exponent: int, ideal: int) -> tuple[int, int]:
    """Take trailing zeros off while the exponent is below the ideal one."""
    digits = digits_of(coefficient, 10)
    end = len(digits)
    while exponent < ideal and end > 1 and not digits[end - 1]:
        end, exponent = end - 1, exponent + 1
    return number_of(digits[:end], 10), exponent


def _exact_remainder(left: DecimalOperand, right: DecimalOperand, quotient: FlaggedDecimal) -> DecimalOperand:
    if _NO_REMAINDER & quotient.flags:
        return DecimalOperand.of("NaN")
    product = quotient.number.magnitude * right.magnitude
    product_exponent = quotient.number.exponent + right.exponent
    least = min(left.exponent, product_exponent)
    # Both have the dividend's sign: the quotient's times the divisor's.
    rest = scale_up(left.magnitude, left.exponent - least, 10) - scale_up(
        product, product_exponent - least, 10
    )
    return DecimalOperand(negative=left.negative != (rest < 0), magnitude=abs(rest), exponent=least)
