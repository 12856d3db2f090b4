"""A schema as a table without rules of its own has it."""

from __future__ import annotations

import json
from typing import Any

from pyspark.sql.types import StructType

__all__ = ["is_nullable", "json_of_nullable"]

_NULLABLE = frozenset({"nullable", "containsNull", "valueContainsNull"})


def is_nullable(schema: StructType) -> bool:
    """Return whether every part of the schema may be null."""
    shown = schema.jsonValue()
    return bool(_nullable(shown) == shown)


def json_of_nullable(schema: StructType) -> str:
    """Return the schema's JSON with every part nullable, as Spark creates tables from frames."""
    return json.dumps(_nullable(schema.jsonValue()), separators=(",", ":"))


def _nullable(part: Any) -> Any:
    if isinstance(part, dict):
        return {key: True if key in _NULLABLE else _nullable(value) for key, value in part.items()}
    return [_nullable(each) for each in part] if isinstance(part, list) else part
