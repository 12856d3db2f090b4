"""JSON read strictly (RFC 8259): no key twice, no NaN, and fractions as they are written."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from lakehouse.ingestion.errors import UnreadableFileError

__all__ = ["MOST_LEVELS", "TextNumber", "json_text", "parsed_json"]


MOST_LEVELS = 200
"""How deep values may be nested."""
_TOO_DEEP = f"its JSON is nested more than {MOST_LEVELS} deep"


class TextNumber(str):
    """A number with a fraction or an exponent, as its text."""

    __slots__ = ()


def parsed_json(text: str | bytes) -> Any:
    """Return the value; fractions as TextNumber. Raises UnreadableFileError, which says what is wrong."""
    try:
        value = _DECODER.decode(text if isinstance(text, str) else text.decode("utf-8"))
        _check_depth(value)
        _check_surrogates(text, value)
    except RecursionError as error:
        raise UnreadableFileError(_TOO_DEEP) from error
    except json.JSONDecodeError as error:
        raise UnreadableFileError(f"it is not JSON ({error.msg} at character {error.pos})") from error
    except ValueError as error:
        raise UnreadableFileError(str(error)) from error
    return value


def json_text(value: Any) -> str:
    """Return a value of any format as JSON: what JSON has no type for becomes a string."""
    if isinstance(value, TextNumber):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{_string(str(key))}:{json_text(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(json_text, value)) + "]"
    if isinstance(value, bool | int | str) or value is None:
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, float) and value == value and value not in (float("inf"), float("-inf")):
        return repr(value)
    return _string(plain_text(value))


def plain_text(value: Any) -> str:
    """Return a value that is not nested as text."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return value.hex()
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _string(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _check_surrogates(text: str | bytes, value: Any) -> None:
    if ("\\u" if isinstance(text, str) else b"\\u") in text:  # type: ignore[operator]  # of the same kind
        try:
            json_text(value).encode()
        except UnicodeEncodeError as error:
            raise ValueError("its JSON has half of a surrogate pair, which is no character") from error


def _check_depth(value: Any) -> None:
    level, depth = [value] if isinstance(value, dict | list) else [], 0
    while level:
        depth += 1
        if depth > MOST_LEVELS:
            raise ValueError(_TOO_DEEP)
        level = _inner(level)


def _inner(values: Iterable[Any]) -> list[Any]:
    """Return what is directly inside of lists and objects, as far as it is one itself."""
    found: list[Any] = []
    for value in values:
        parts = value.values() if isinstance(value, dict) else value
        found += [each for each in parts if isinstance(each, dict | list)]
    return found


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"its JSON has the key {twice!r} twice in one object")
    return found


def _refused(word: str) -> NoReturn:
    raise ValueError(f"its JSON has {word}, which is no number")


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_float=TextNumber, parse_constant=_refused)
