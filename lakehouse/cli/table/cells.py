"""Values of a table as text: one cell on one line, and JSON for what JSON has no number for."""

from __future__ import annotations

import math
from typing import Any

from lakehouse.cli.output import json_text

__all__ = ["cell", "json_value", "on_one_line"]

_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"})


def cell(value: Any) -> str:
    """Return a value as text without tabs and line breaks; null is ``null``."""
    if value is None:
        return "null"
    if isinstance(value, dict | list | bytes):
        return json_text(json_value(value))
    return on_one_line(_spelled(value) if isinstance(value, float) else str(value))


def on_one_line(text: str) -> str:
    """Return the text with what would end its line or its cell escaped as JSON does it."""
    return text.translate(_ESCAPES)


def json_value(value: Any) -> Any:
    """Return the value with texts for the numbers that JSON lacks, as Delta's statistics spell them."""
    if isinstance(value, float):
        return value if math.isfinite(value) else _spelled(value)
    if isinstance(value, dict):
        return {key: json_value(each) for key, each in value.items()}
    return [json_value(each) for each in value] if isinstance(value, list) else value


def _spelled(number: float) -> str:
    if math.isfinite(number):
        return str(number)
    return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"
