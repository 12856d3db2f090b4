"""An amount split into parts that make up the whole again, to the cent."""

from __future__ import annotations

from collections.abc import Sequence

from lakehouse.division.arithmetic_unit import ArithmeticUnit
from lakehouse.division.errors import DivideByZeroException, InvalidOperandError
from lakehouse.division.instruction_sets.binary import BinaryInstructionSet
from lakehouse.division.operand import Operand

__all__ = ["allocate"]

_UNIT = ArithmeticUnit(BinaryInstructionSet(width=None))


def allocate(amount: int, weights: Sequence[int], *, where: str = "") -> list[int]:
    """Split ``amount``, counted in its smallest unit, by ``weights``; the parts sum to it exactly.

    Each part is its exact share rounded towards zero, and what is left goes, one unit each, to the largest
    remainders (Hamilton's method), of equal ones to the first: each part is less than one unit from its exact share.
    An amount of zero is split into zeros. Raises DivideByZeroException if the weights sum to zero and the amount is not
    zero, InvalidOperandError if one of them is negative, or a number is a float or anything else but an int;
    ``where`` begins their message.
    """
    for number in (amount, *weights):
        if isinstance(number, bool) or not isinstance(number, int):
            raise InvalidOperandError(value=number, expected="a whole number of units", where=where)
    if any(weight < 0 for weight in weights):
        raise InvalidOperandError(value=list(weights), expected="weights of at least 0", where=where)
    total = sum(weights)
    if not amount:
        return [0] * len(weights)
    if not total:
        raise DivideByZeroException(dividend=amount, divisor="weights that sum to 0", where=where)
    shares, remainders = _shares(abs(amount), weights, total)
    left_over = abs(amount) - sum(shares)
    by_remainder = sorted(range(len(weights)), key=lambda index: -remainders[index])
    for index in by_remainder[:left_over]:
        shares[index] += 1
    return [-share for share in shares] if amount < 0 else shares


def _shares(amount: int, weights: Sequence[int], total: int) -> tuple[list[int], list[int]]:
    divisor = Operand.of(total)
    results = [_UNIT.divide(Operand.of(amount * weight), divisor) for weight in weights]
    return [int(result.quotient) for result in results], [int(result.remainder) for result in results]
