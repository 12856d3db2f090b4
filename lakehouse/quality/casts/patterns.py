"""Dates and moments by a datetime pattern of Spark's, checked so that the pattern takes in all that it names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from pyspark.sql.types import DataType, DateType, TimestampType

from lakehouse.quality.casts.formats import BadFormatError, TextFormat
from lakehouse.quality.casts.sql import TRIMMED, let, literal

__all__ = ["DatetimePattern"]

_LENGTHS: Mapping[str, tuple[int, ...]] = {
    "y": (1, 2, 4),
    "M": (1, 2, 3, 4),
    "d": (1, 2),
    "H": (1, 2),
    "h": (1, 2),
    "a": (1,),
    "m": (1, 2),
    "s": (1, 2),
    "S": (1, 2, 3, 4, 5, 6),
    "V": (2,),
    "z": (1, 2, 3, 4),
    "O": (1, 4),
    "X": (1, 2, 3),
    "x": (1, 2, 3),
    "Z": (1, 2, 3),
}
"""By letter, how often it may stand in a row (Spark, "Datetime Patterns for Formatting and Parsing")."""
_TIME, _ZONE = frozenset("HhamsS"), frozenset("VzOXxZ")
_HINTS = {
    "Y": "'Y' counts weeks: write 'yyyy' for the year",
    "D": "'D' is the day of the year: write 'dd' for the day",
    "n": "write 'SSSSSS' for the fraction of a second",
    "k": "write 'HH' for the hour",
    "K": "write 'hh' and 'a' for the hour",
}
_NEEDS = (("h", "a"), ("a", "h"), ("s", "m"), ("S", "s"))


@dataclass(frozen=True, slots=True, kw_only=True)
class DatetimePattern(TextFormat):
    """A date or a moment written as ``pattern`` says, such as ``dd.MM.yyyy HH:mm``."""

    pattern: str
    zone: str | None = None
    """Where clocks show the time; None for the session's zone, or where the pattern has the zone."""

    def check(self, target: DataType) -> None:
        """Raise BadFormatError when the pattern is wrong, or names more or less than ``target`` holds."""
        letters = self._letters()
        for letter, run in letters:
            if run not in _LENGTHS.get(letter, ()):
                raise BadFormatError(_HINTS.get(letter, f"{letter * run!r} means nothing in a pattern"))
        counts = Counter(letter for letter, _ in letters)
        missing = [
            part for part, letter in (("year", "y"), ("month", "M"), ("day", "d")) if not counts[letter]
        ]
        if missing:
            raise BadFormatError(
                f"the pattern has no {missing[0]} (yyyy-MM-dd: 'M' is the month, 'm' the minute)"
            )
        if twice := [letter for letter, count in counts.items() if count > 1]:
            raise BadFormatError(f"{twice[0]!r} stands there twice")
        if isinstance(target, DateType) and counts.keys() & _TIME:
            raise BadFormatError("a date would lose the time of day: cast to timestamp")
        if not isinstance(target, TimestampType) and counts.keys() & _ZONE:
            raise BadFormatError(f"a {target.simpleString()} would lose the zone: cast to timestamp")
        if self.zone is not None and counts.keys() & _ZONE:
            raise BadFormatError(f"the pattern names a zone, and so does 'in {self.zone}'")
        if counts["m"] and not counts["H"] + counts["h"]:
            raise BadFormatError("'m' is the minute, and the pattern has no hour: 'M' is the month")
        for letter, needed in _NEEDS:
            if counts[letter] and not counts[needed]:
                raise BadFormatError(f"{letter!r} needs {needed!r} beside it")

    def exact(self, text: str, target: DataType) -> str:
        return let("t", TRIMMED.format(text), self._of_trimmed(target))

    def _of_trimmed(self, target: DataType) -> str:
        pattern = literal(self.pattern)
        if isinstance(target, DateType):
            return f"CAST(try_to_timestamp(t, {pattern}) AS DATE)"
        if not isinstance(target, TimestampType):
            return (
                f"CASE WHEN {self._at(literal(' UTC'))} IS NOT NULL THEN to_timestamp_ntz(t, {pattern}) END"
            )
        if {letter for letter, _ in self._letters()} & _ZONE:
            return f"try_to_timestamp(t, {pattern})"
        zone = literal(self.zone) if self.zone is not None else "current_timezone()"
        # When clocks go forward an hour is left out; Spark moves a time in it to another one.
        stands = f"from_utc_timestamp(v, {zone}) = {self._at(literal(' UTC'))}"
        return let("v", self._at(f"concat(' ', {zone})"), f"CASE WHEN {stands} THEN v END")

    def _at(self, zone: str) -> str:
        return f"try_to_timestamp(concat(t, {zone}), {literal(self.pattern + ' VV')})"

    def _letters(self) -> list[tuple[str, int]]:
        bare = re.sub(r"'[^']*'", "", self.pattern)
        if "'" in bare or re.search(r"[{}#]", bare):
            raise BadFormatError("a quote is not closed, or one of '{', '}', '#' stands outside of quotes")
        if bare.count("[") != bare.count("]"):
            raise BadFormatError("a bracket is not closed")
        return [(run[0][0], len(run[0])) for run in re.finditer(r"([A-Za-z])\1*", bare)]
