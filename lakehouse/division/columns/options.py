"""The choices a caller of ``divide_arrow`` has."""

from __future__ import annotations

from typing import Literal, get_args

from lakehouse.division.errors import InvalidOptionError

__all__ = ["WIDTHS", "Algorithm", "Engine", "OnError", "check_options"]

OnError = Literal["raise", "null", "quarantine"]
"""raise: the first bad row by number; null: such rows are null; quarantine: a field ``error`` says why."""
Algorithm = Literal["shift_subtract", "newton"]
"""newton multiplies by a reciprocal that it refines itself, then corrects; for widths up to 64."""
Engine = Literal["auto", "numba", "numpy", "rows"]
"""auto: the fastest that is installed."""
WIDTHS = (8, 16, 32, 64, 128)


def check_options(*, width: int | None, signed: bool, on_error: str, algorithm: str, engine: str) -> None:
    """Raise InvalidOptionError for the first option whose value is not one of its choices."""
    choices = [
        ("width", width, (*WIDTHS, None)),
        ("signed", signed, (True, False)),
        ("on_error", on_error, get_args(OnError)),
        ("algorithm", algorithm, get_args(Algorithm)),
        ("engine", engine, get_args(Engine)),
    ]
    for option, value, allowed in choices:
        if value not in allowed:
            raise InvalidOptionError(option=option, value=value, allowed=allowed)
    of_one_word = WIDTHS[:4] if signed else WIDTHS[:3]
    if algorithm == "newton" and width not in of_one_word:
        raise InvalidOptionError(option="width", value=width, allowed=of_one_word)
