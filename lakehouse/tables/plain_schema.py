"""What a schema asks of the table that has it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from pyspark.sql.types import StructType

__all__ = ["is_nullable", "json_of_nullable", "odd_names"]

_ODD = re.compile(r"[ ,;{}()\n\t=]")
"""What Delta refuses in a name without column mapping."""

_NULLABLE = frozenset({"nullable", "containsNull", "valueContainsNull"})


def is_nullable(schema: StructType) -> bool:
    """Return whether every part of the schema may be null."""
    shown = schema.jsonValue()
    return bool(_nullable(shown) == shown)


def odd_names(schema: StructType) -> tuple[str, ...]:
    """Return the names of columns, however deep, that Delta takes only with column mapping."""
    return tuple(name for name in _names(schema.jsonValue()) if _ODD.search(name))


def json_of_nullable(schema: StructType) -> str:
    """Return the schema's JSON with every part nullable, as Spark creates tables from frames."""
    return json.dumps(_nullable(schema.jsonValue()), separators=(",", ":"))


def _nullable(part: Any) -> Any:
    if isinstance(part, dict):
        return {key: True if key in _NULLABLE else _nullable(value) for key, value in part.items()}
    return [_nullable(each) for each in part] if isinstance(part, list) else part


def _names(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        for key, value in part.items():
            if key == "fields":
                yield from (field["name"] for field in value)
            yield from _names(value)
    elif isinstance(part, list):
        for each in part:
            yield from _names(each)
