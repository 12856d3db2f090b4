"""Values that nobody is to read: they are left out of errors, of what is printed and of what is recorded."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

__all__ = ["hide", "masked", "masked_document"]

_MASK = "***"
_hidden: set[str] = set()


def hide(value: str) -> None:
    """Leave a value out of every text from now on, in this process; also as JSON and addresses spell it."""
    if value:
        in_json = (json.dumps(value, ensure_ascii=is_ascii)[1:-1] for is_ascii in (True, False))
        _hidden.update((value, *in_json, quote(value, safe="")))


def masked(text: str) -> str:
    """Return a text without hidden values; the longest goes first, since another may be part of it."""
    for value in sorted(_hidden, key=len, reverse=True):
        text = text.replace(value, _MASK)
    return text


def masked_document(value: Any) -> Any:
    """Return mappings and lists with their texts masked. Numbers stay, so that JSON made of it is JSON."""
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, Mapping):
        return {masked_document(key): masked_document(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [masked_document(each) for each in value]
    return value
