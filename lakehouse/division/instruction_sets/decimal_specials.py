"""Decimal divisions that the rules answer without dividing: NaN, infinity and zero divisors."""

from __future__ import annotations

from lakehouse.division.decimal_context import DecimalContext, DecimalFlag, DecimalResult, FlaggedDecimal
from lakehouse.division.decimal_operand import DecimalOperand
from lakehouse.division.number_kind import NumberKind
from lakehouse.division.numerals import digits_of, number_of

__all__ = ["decided_by_kind"]

_NAN = DecimalOperand.of("NaN")


def decided_by_kind(
    dividend: DecimalOperand, divisor: DecimalOperand, *, context: DecimalContext, integral: bool
) -> DecimalResult | None:
    """The result where an operand is no finite number or the divisor is zero; None: both can be divided."""
    if dividend.kind.is_nan or divisor.kind.is_nan:
        return _propagated(dividend, divisor, context)
    if dividend.kind is NumberKind.INFINITE:
        return _infinite_dividend(dividend, divisor)
    if divisor.kind is NumberKind.INFINITE:
        return _infinite_divisor(dividend, divisor, context, integral=integral)
    if divisor.is_zero:
        return _zero_divisor(dividend, divisor)
    return _zero_dividend(dividend, divisor, context) if dividend.is_zero and not integral else None


def _propagated(dividend: DecimalOperand, divisor: DecimalOperand, context: DecimalContext) -> DecimalResult:
    """A signalling NaN goes before a quiet one, the dividend before the divisor; payloads are kept."""
    nans = [operand for operand in (dividend, divisor) if operand.kind.is_nan]
    signalling = [operand for operand in nans if operand.kind is NumberKind.SIGNALING_NAN]
    source = (signalling or nans)[0]
    room = context.precision - (1 if context.clamp else 0)
    digits = digits_of(source.magnitude, 10)
    payload = number_of(digits[max(len(digits) - room, 0) :], 10)
    quiet = DecimalOperand(negative=source.negative, magnitude=payload, kind=NumberKind.QUIET_NAN)
    flags = DecimalFlag.INVALID_OPERATION if signalling else DecimalFlag.NONE
    return DecimalResult(quotient=quiet, remainder=quiet, flags=flags, remainder_flags=flags)


def _infinite_dividend(dividend: DecimalOperand, divisor: DecimalOperand) -> DecimalResult:
    invalid = DecimalFlag.INVALID_OPERATION
    if divisor.kind is NumberKind.INFINITE:
        return DecimalResult(quotient=_NAN, remainder=_NAN, flags=invalid, remainder_flags=invalid)
    return DecimalResult(quotient=_infinity(dividend, divisor), remainder=_NAN, remainder_flags=invalid)


def _infinite_divisor(
    dividend: DecimalOperand, divisor: DecimalOperand, context: DecimalContext, *, integral: bool
) -> DecimalResult:
    negative = dividend.negative != divisor.negative
    exponent = 0 if integral else context.tiny_exponent
    zero = DecimalOperand(negative=negative, magnitude=0, exponent=exponent)
    rest = context.finish(dividend.magnitude, dividend.exponent, negative=dividend.negative)
    return DecimalResult(
        quotient=zero,
        remainder=rest.number,
        flags=DecimalFlag.NONE if integral else DecimalFlag.CLAMPED,
        remainder_flags=rest.flags if integral else DecimalFlag.NONE,
    )


def _zero_divisor(dividend: DecimalOperand, divisor: DecimalOperand) -> DecimalResult:
    if dividend.is_zero:
        undefined = DecimalFlag.DIVISION_UNDEFINED
        return DecimalResult(quotient=_NAN, remainder=_NAN, flags=undefined, remainder_flags=undefined)
    return DecimalResult(
        quotient=_infinity(dividend, divisor),
        remainder=_NAN,
        flags=DecimalFlag.DIVISION_BY_ZERO,
        remainder_flags=DecimalFlag.INVALID_OPERATION,
    )


def _zero_dividend(
    dividend: DecimalOperand, divisor: DecimalOperand, context: DecimalContext
) -> DecimalResult:
    """A zero keeps the exponent that digits would have had."""
    negative = dividend.negative != divisor.negative
    quotient: FlaggedDecimal = context.finish(0, dividend.exponent - divisor.exponent, negative=negative)
    return DecimalResult(quotient=quotient.number, remainder=dividend, flags=quotient.flags)


def _infinity(dividend: DecimalOperand, divisor: DecimalOperand) -> DecimalOperand:
    negative = dividend.negative != divisor.negative
    return DecimalOperand(negative=negative, magnitude=0, kind=NumberKind.INFINITE)
