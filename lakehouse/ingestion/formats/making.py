"""A format by its word, with its fields as people write them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from pyspark.sql.types import StructType

from lakehouse.errors import did_you_mean
from lakehouse.ingestion.errors import InvalidFormatError
from lakehouse.ingestion.formats.interface import FileFormat
from lakehouse.ingestion.formats.records import UnknownTypeText, columns_of

__all__ = ["file_format"]


def file_format(word: str, options: Mapping[str, Any]) -> FileFormat:
    """Return the format that ``word`` names; an option that is None or empty is left to the format.

    ``columns`` are names, names with types, DDL or Spark's own schema. Raises InvalidFormatError.
    """
    if word not in FileFormat.words:
        raise InvalidFormatError(
            problem=f"there is no file format {word!r}", fix=did_you_mean(word, FileFormat.words)
        )
    cls = FileFormat.words[word]
    given = {name: value for name, value in options.items() if value is not None and value != ()}
    known = [each.name for each in dataclasses.fields(cls)] if dataclasses.is_dataclass(cls) else list(given)
    for name in given:
        if name not in known:
            problem = f"the format {word!r} has no option {name!r}"
            raise InvalidFormatError(problem=problem, fix=did_you_mean(name, known))
    if "columns" in given:
        given["columns"] = _columns(given["columns"], typed=getattr(cls, "has_types", False))
    try:
        made: FileFormat = cls(**given)
    except (TypeError, ValueError) as error:
        problem = f"the format {word!r} can't have these options: {error}"
        raise InvalidFormatError(problem=problem, fix="check the options.") from error
    return made


def _columns(given: Any, *, typed: bool) -> tuple[Any, ...]:
    if isinstance(given, StructType):
        given = {field.name: field.dataType.simpleString() for field in given.fields}
    try:
        columns = columns_of(given)
    except UnknownTypeText as error:
        raise InvalidFormatError(
            problem=f"the columns are wrong: {error}", fix="write them as SQL does."
        ) from error
    return columns if typed else tuple(name for name, _ in columns)
