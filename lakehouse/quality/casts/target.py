"""What a column is cast to: a type of Spark SQL, and where it matters how the values are written."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass

from pyspark.sql.types import (
    BooleanType,
    DataType,
    DateType,
    NumericType,
    StringType,
    TimestampNTZType,
    TimestampType,
)

from lakehouse.quality.casts.formats import BadFormatError, BooleanWords, LocalTime, NumberMarks, TextFormat
from lakehouse.quality.casts.patterns import DatetimePattern
from lakehouse.quality.casts.text import quick_text
from lakehouse.quality.casts.typed import exact_value
from lakehouse.quality.errors import UnreadableFormatError, UnreadableSchemaError
from lakehouse.quality.plain_types import plain_type
from lakehouse.quality.schemas import Schema, as_struct

__all__ = ["CastTarget", "cast_targets"]

_WITH_FORMAT = re.compile(r"\s*([A-Za-z_]+(?:\s*\([0-9,\s]*\))?)\s*(?:'(.*)')?\s*", re.DOTALL)
_IN_ZONE = re.compile(r"(.*)\sin\s+'([^']+)'\s*", re.DOTALL | re.IGNORECASE)
_OFFSET = re.compile(r"[+-][0-9]{2}:[0-9]{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CastTarget:
    """A type and the format of its texts, such as ``date 'dd/MM/yyyy'``. Equal ones share their work."""

    type: DataType
    format: TextFormat | None
    text: str
    """As people write it."""

    def takes_any(self, source: DataType) -> bool:
        """Say whether the cast is valid SQL for any value of the type ``source``; False where only Spark can tell."""
        return source == self.type or (
            self.format is None and isinstance(source, StringType) and plain_type(self.text) == self.type
        )

    def exact(self, value: str, source: DataType) -> str:
        """Return SQL for ``value``, which is of the type ``source``, in this type; NULL where it would not survive."""
        if self.format is not None and isinstance(source, StringType):
            return self.format.exact(value, self.type)
        return exact_value(value, source, self.type)

    def quick(self, value: str, source: DataType) -> str:
        """Return cheaper SQL that finds most of what ``exact`` finds, and nothing else."""
        if self.format is None and isinstance(source, StringType):
            return quick_text(value, self.type)
        return self.exact(value, source)


def cast_targets(schema: Schema) -> Mapping[str, CastTarget]:
    """Return the targets by column, in the order that they were written.

    In a mapping a type may have a format: ``date 'dd/MM/yyyy'``, ``timestamp 'dd.MM.yyyy HH:mm' in
    'Europe/Berlin'``, ``timestamp in 'Europe/Berlin'``, ``decimal(10,2) '1.234,56'``, ``boolean 'ja/nein'``.
    Raises UnreadableSchemaError and UnreadableFormatError.
    """
    if isinstance(schema, Mapping):
        named = {text: name for name, text in schema.items()}
        targets = {text: _target(name, text) for text, name in named.items()}
        return {name: targets[text] for name, text in schema.items()}
    return {field.name: _plain(field.dataType) for field in as_struct(schema).fields}


def _target(name: str, text: str) -> CastTarget:
    in_zone = _IN_ZONE.fullmatch(text)
    body, zone = (in_zone[1], in_zone[2]) if in_zone else (text, None)
    parts = _WITH_FORMAT.fullmatch(body)
    if parts is None or (parts[2] is None and zone is None):
        return _plain(as_struct({name: text}).fields[0].dataType)
    try:
        (field,) = as_struct({name: parts[1]}).fields
    except UnreadableSchemaError as error:
        raise UnreadableSchemaError(where=name, text=text) from error
    written = parts[2].replace("''", "'") if parts[2] is not None else None
    try:
        format_ = _format(field.dataType, written, zone)
    except BadFormatError as error:
        raise UnreadableFormatError(column=name, text=text, reason=str(error)) from error
    return CastTarget(type=field.dataType, format=format_, text=text.strip())


def _plain(type_: DataType) -> CastTarget:
    return CastTarget(type=type_, format=None, text=type_.simpleString())


def _format(type_: DataType, written: str | None, zone: str | None) -> TextFormat:
    if zone is not None:
        _check_zone(type_, zone)
    if written is None:
        return LocalTime(zone=zone or "")
    if isinstance(type_, DateType | TimestampType | TimestampNTZType):
        pattern = DatetimePattern(pattern=written, zone=zone)
        pattern.check(type_)
        return pattern
    if isinstance(type_, NumericType):
        return NumberMarks.of_example(written)
    if isinstance(type_, BooleanType):
        return BooleanWords.of_text(written)
    raise BadFormatError("only dates, timestamps, numbers and booleans have a format")


def _check_zone(type_: DataType, zone: str) -> None:
    if not isinstance(type_, TimestampType):
        raise BadFormatError(f"a {type_.simpleString()} has no zone: only a timestamp has one")
    if not _OFFSET.fullmatch(zone) and zone not in zoneinfo.available_timezones():
        raise BadFormatError(f"{zone!r} names no time zone, such as 'Europe/Berlin' or '+02:00'")
