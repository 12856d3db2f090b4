"""The operators of the standard: what a measured number must be."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Bounds"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """The least and the most that a number may be; None is no bound."""

    least: float | None = None
    most: float | None = None
    below: float | None = None
    """Where the number must stay below this."""
    above: float | None = None
    is_share: bool = False
    """Whether it is a percentage of the rows."""

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Bounds | None:
        """Return what a quality item asks; None for operators that bound no range, such as ``mustNotBe``."""
        is_share = given.get("unit") == "percent"
        match {key: value for key, value in given.items() if key.startswith("must")}:
            case {"mustBe": int() | float() as number, **rest} if not rest:
                return cls(least=number, most=number, is_share=is_share)
            case {"mustBeLessThan": int() | float() as number, **rest} if not rest:
                return cls(below=number, is_share=is_share)
            case {"mustBeLessOrEqualTo": int() | float() as number, **rest} if not rest:
                return cls(most=number, is_share=is_share)
            case {"mustBeGreaterThan": int() | float() as number, **rest} if not rest:
                return cls(above=number, is_share=is_share)
            case {"mustBeGreaterOrEqualTo": int() | float() as number, **rest} if not rest:
                return cls(least=number, is_share=is_share)
            case {"mustBeBetween": [int() | float() as least, int() | float() as most], **rest} if not rest:
                return cls(least=least, most=most, is_share=is_share)
        return None

    def at_most(self) -> int | str | None:
        """Return how many rows may break a rule, as rules take it. Raises ValueError where some have to."""
        if (self.least or 0) > 0 or self.above is not None:
            raise ValueError("it asks for rows that break it")
        if self.below is not None:
            return f"< {_plain(self.below)} %" if self.is_share else _fewer(self.below)
        if self.most is None:
            raise ValueError("it has no operator that bounds a range")
        if self.most == 0:
            return None
        return f"{_plain(self.most)} %" if self.is_share else int(self.most)

    def rows(self) -> tuple[int | None, int | None]:
        """Return the least and the most rows. Raises ValueError for a percentage."""
        if self.is_share:
            raise ValueError("a share of the rows bounds no number of them")
        least = None if self.least is None else math.ceil(self.least)
        most = None if self.most is None else math.floor(self.most)
        return (
            least if self.above is None else math.floor(self.above) + 1,
            most if self.below is None else math.ceil(self.below) - 1,
        )


def _fewer(below: float) -> int | None:
    most = math.ceil(below) - 1
    if most < 0:
        raise ValueError("no number of rows is below 0")
    return most or None


def _plain(number: float) -> str:
    return f"{number:f}".rstrip("0").rstrip(".")
