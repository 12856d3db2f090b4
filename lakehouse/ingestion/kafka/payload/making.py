"""A payload by its word, with its fields as people write them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from pyspark.sql.types import StructType

from lakehouse.errors import did_you_mean
from lakehouse.ingestion.errors import InvalidFormatError
from lakehouse.ingestion.formats.records import UnknownTypeText, columns_of
from lakehouse.ingestion.kafka.payload.interface import Payload

__all__ = ["payload"]


def payload(word: str, options: Mapping[str, Any]) -> Payload:
    """Return the payload that ``word`` names. An option that is None is left to it. Raises InvalidFormatError."""
    if word not in Payload.words:
        raise InvalidFormatError(
            problem=f"there is no payload {word!r}", fix=did_you_mean(word, Payload.words)
        )
    cls = Payload.words[word]
    given = {name: value for name, value in options.items() if value is not None}
    known = [each.name for each in dataclasses.fields(cls)]
    for name in given:
        if name not in known:
            problem = f"the payload {word!r} has no option {name!r}"
            raise InvalidFormatError(problem=problem, fix=did_you_mean(name, known))
    if isinstance(columns := given.get("columns"), StructType):
        given["columns"] = {field.name: field.dataType.simpleString() for field in columns.fields}
    try:
        if "columns" in given:
            given["columns"] = columns_of(given["columns"])
        made: Payload = cls(**given)
    except (TypeError, ValueError, UnknownTypeText) as error:
        problem = f"the payload {word!r} can't have these options: {error}"
        raise InvalidFormatError(problem=problem, fix="check the options.") from error
    return made
