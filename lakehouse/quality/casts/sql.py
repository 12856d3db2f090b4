"""Pieces of SQL text. Text is parsed at once, where each Column object costs several calls to the JVM."""

from __future__ import annotations

import re

__all__ = ["TRIMMED", "let", "literal"]

_PLAIN = re.compile(r"[^'\\\n]*")

TRIMMED = "trim(BOTH concat(' ', chr(9), chr(10), chr(13)) FROM {})"
"""A text without blanks around it, as Spark's own casts look at it."""


def literal(text: str) -> str:
    """Return a SQL string literal that reads the same under every setting of the parser."""
    if _PLAIN.fullmatch(text):
        return f"'{text}'"
    return f"CAST(X'{text.encode().hex()}' AS STRING)"


def let(name: str, value: str, body: str) -> str:
    """Return ``body`` with ``name`` standing for ``value``, which is computed once."""
    return f"get(transform(array({value}), {name} -> {body}), 0)"
