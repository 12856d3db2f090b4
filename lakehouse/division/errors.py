"""What can go wrong in a division. Every error repeats both operands."""

from __future__ import annotations

from collections.abc import Sequence

from lakehouse.errors import ConfigurationError, DataError

__all__ = [
    "DivideByZeroException",
    "InvalidOperandError",
    "InvalidOperationError",
    "InvalidOptionError",
    "InvalidRatesError",
    "NumericalOverflowException",
]


class DivideByZeroException(DataError):  # noqa: N818 - the public name was given
    """The divisor is zero, and the numbers divided have no infinity to answer with."""

    def __init__(self, *, dividend: object, divisor: object = 0, where: str = "") -> None:
        self.dividend = dividend
        self.divisor = divisor
        super().__init__(
            f"{where}{dividend!s} was divided by {divisor!s}; expected a divisor other than zero.",
            fix="filter the zero divisors, or divide with on_error='null' or 'quarantine'.",
        )


class NumericalOverflowException(DataError):  # noqa: N818 - the public name was given
    """A number does not fit the width or the precision it was given."""

    def __init__(self, *, value: object, limit: str, where: str = "") -> None:
        self.value = value
        self.limit = limit
        super().__init__(
            f"{where}{value!s} does not fit {limit}.",
            fix="use a larger width or precision (width=None: no limit), or on_error='null' or 'quarantine'.",
        )


class InvalidOperandError(DataError):
    """A value can't be an operand: wrong type, digits that its base does not have, a base out of 2 to 36."""

    def __init__(self, *, value: object, expected: str, where: str = "") -> None:
        self.value = value
        super().__init__(f"{where}{value!r} can't be divided; expected {expected}.", fix=f"give {expected}.")


class InvalidOperationError(DataError):
    """The division has no result in these numbers: 0 by 0, infinity by infinity, a signalling NaN."""

    def __init__(self, *, dividend: object, divisor: object, reason: str) -> None:
        self.reason = reason
        super().__init__(
            f"{dividend!s} by {divisor!s} has no result: {reason}.",
            fix="filter such operands, or leave the signal out of traps= and look at the result's flags.",
        )


class InvalidOptionError(ConfigurationError):
    """An option of a division has a value that is not one of its choices."""

    def __init__(self, *, option: str, value: object, allowed: Sequence[object]) -> None:
        self.option = option
        self.value = value
        choices = ", ".join(repr(choice) for choice in allowed)
        super().__init__(f"{option}={value!r} is not one of the choices.", fix=f"use one of {choices}.")


class InvalidRatesError(DataError):
    """A table of exchange rates has a line that can't be used."""

    def __init__(self, *, line: int, expected: str) -> None:
        self.line = line
        super().__init__(f"Line {line} of the exchange rates: expected {expected}.", fix="correct the file.")
