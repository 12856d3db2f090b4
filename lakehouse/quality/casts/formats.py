"""How a file writes its values where it is not as SQL does: datetime patterns, marks in numbers, words for booleans."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass

from pyspark.sql.types import DataType

from lakehouse.quality.casts.sql import TRIMMED, let, literal
from lakehouse.quality.casts.text import exact_text, exact_zoned

__all__ = ["BadFormatError", "BooleanWords", "LocalTime", "NumberMarks", "TextFormat"]

_MARKS = ".,' _’"
_SPACES = "\u00a0\u202f\u2009"
"""What stands for a space between thousands: no-break, narrow no-break, thin."""


class BadFormatError(ValueError):
    """A format can't be read, or would lose a part of the value."""


class TextFormat(ABC):
    """The way in which a column's values are written."""

    @abstractmethod
    def exact(self, text: str, target: DataType) -> str:
        """Return SQL for the value of ``text``; NULL where it is written otherwise, or ``target`` can't hold it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalTime(TextFormat):
    """A timestamp as SQL writes it, of clocks in ``zone`` where it names no offset of its own."""

    zone: str

    def exact(self, text: str, target: DataType) -> str:
        return exact_zoned(text, self.zone)


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberMarks(TextFormat):
    """A number with a mark between thousands (or none) and its own mark before the fraction."""

    group: str
    point: str

    @classmethod
    def of_example(cls, example: str) -> NumberMarks:
        """Read the marks from the number 1234, or 1234.56, as the file writes it: ``1.234,56``."""
        found = re.fullmatch(r"1(\D?)234(?:(\D)[0-9]+)?", example)
        if found is None:
            raise BadFormatError("write the number 1234.56 as the file writes it, such as '1.234,56'")
        group = found[1]
        point = found[2] or ("," if group == "." else ".")
        if group == point or any(mark not in _MARKS for mark in group + point):
            raise BadFormatError(f"two different marks out of {_MARKS!r} are needed")
        return cls(group=group, point=point)

    def exact(self, text: str, target: DataType) -> str:
        grouped = f"[0-9]{{1,3}}([{self.group}][0-9]{{3}})+|" if self.group else ""
        shape = literal(f"^[+-]?({grouped}[0-9]+)([{self.point}][0-9]+)?$")
        plain = f"replace(t, {literal(self.group)}, '')" if self.group else "t"
        plain = f"replace({plain}, {literal(self.point)}, '.')"
        given = TRIMMED.format(text)
        if self.group == " ":
            given = f"translate({given}, {literal(_SPACES)}, '{' ' * len(_SPACES)}')"
        return let("t", given, f"CASE WHEN t RLIKE {shape} THEN {exact_text(plain, target)} END")


@dataclass(frozen=True, slots=True, kw_only=True)
class BooleanWords(TextFormat):
    """Words for true and for false, in letters of either case."""

    true: tuple[str, ...]
    false: tuple[str, ...]

    @classmethod
    def of_text(cls, text: str) -> BooleanWords:
        """Read ``ja/nein``, or ``ja,j/nein,n`` where there are several words."""
        sides = [tuple(word.strip().lower() for word in side.split(",")) for side in text.split("/")]
        if len(sides) != 2 or not all(word for side in sides for word in side):
            raise BadFormatError("write the words for true and false, such as 'yes/no' or 'ja,j/nein,n'")
        if both := set(sides[0]) & set(sides[1]):
            raise BadFormatError(f"{sorted(both)[0]!r} can't stand for true and for false")
        return cls(true=sides[0], false=sides[1])

    def exact(self, text: str, target: DataType) -> str:
        true, false = (", ".join(literal(word) for word in words) for words in (self.true, self.false))
        body = f"CASE WHEN t IN ({true}) THEN true WHEN t IN ({false}) THEN false END"
        return let("t", f"lower({TRIMMED.format(text)})", body)
