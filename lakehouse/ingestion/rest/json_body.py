"""A JSON document of which only the parts that are asked for are decoded; its records stay the text that came."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from lakehouse.ingestion.errors import UnusableBodyError

__all__ = ["JsonBody"]


class JsonBody:
    """One document. Paths name keys from the outside in, with dots between them: ``data.items``."""

    def __init__(self, content: bytes) -> None:
        """Raises UnusableBodyError where the content is not JSON in UTF-8."""
        try:
            content.decode("utf-8")
        except UnicodeDecodeError as error:
            raise UnusableBodyError(f"it is not UTF-8: byte {error.start}") from error
        # The check walks through all of it: what is taken out later needs no other one.
        _decoded(content, msgspec.Raw)
        self._levels: dict[tuple[str, ...], Any] = {(): content}

    def records(self, path: str) -> Sequence[str]:
        """Return each record of the list at ``path`` as its own text; ``null`` is an empty list.

        An object at the path is one record. Raises UnusableBodyError where neither is there.
        """
        found = self._at(path, required=True)
        if found is None or bytes(found).strip() == b"null":
            return ()
        text = bytes(found).strip()
        if text.startswith(b"{"):
            return (text.decode("utf-8"),)
        if not text.startswith(b"["):
            raise UnusableBodyError(f"at {path or 'the top'!r} a list is expected, found {_beginning(text)}")
        return [bytes(each).decode("utf-8") for each in _decoded(text, list[msgspec.Raw])]

    def value(self, path: str) -> Any:
        """Return the decoded value at ``path``; None where it is missing."""
        found = self._at(path, required=False)
        return None if found is None else _decoded(bytes(found), Any)

    def _at(self, path: str, *, required: bool) -> Any:
        keys = tuple(path.split(".")) if path else ()
        for depth in range(1, len(keys) + 1):
            if keys[:depth] in self._levels:
                continue
            around = self._fields(keys[: depth - 1])
            if keys[depth - 1] not in around:
                if required:
                    known = ", ".join(map(repr, list(around)[:10])) or "nothing"
                    raise UnusableBodyError(f"it has no {path!r}: at {keys[depth - 1]!r} there is {known}")
                return None
            self._levels[keys[:depth]] = around[keys[depth - 1]]
        return self._levels[keys]

    def _fields(self, keys: tuple[str, ...]) -> dict[str, Any]:
        text = bytes(self._levels[keys]).strip()
        if not text.startswith(b"{"):
            return {}
        fields: dict[str, Any] = _decoded(text, dict[str, msgspec.Raw])
        return fields


def _decoded(content: bytes, kind: Any) -> Any:
    try:
        return msgspec.json.decode(content, type=kind)
    except (msgspec.DecodeError, RecursionError) as error:
        raise UnusableBodyError(f"it is not JSON: {error}") from error


def _beginning(text: bytes) -> str:
    return repr(text[:40].decode("utf-8", "replace"))
