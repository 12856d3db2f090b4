"""``_last_checkpoint``: where a recent checkpoint may be (Delta PROTOCOL, "Last Checkpoint File").

It is only a hint. It may be missing, old, torn or wrong; nothing but speed depends on it.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any
from urllib.parse import quote

import msgspec

from lakehouse.delta_log.log_segment.file_names import LAST_CHECKPOINT_KEY
from lakehouse.storage import AbstractStorageReader, NotFoundError

__all__ = ["LastCheckpoint", "json_checksum", "read_last_checkpoint"]


class LastCheckpoint(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    rename={"size_bytes": "sizeInBytes", "add_file_count": "numOfAddFiles"},
):
    """The hint: which version has a checkpoint, and how big it is."""

    version: int
    size: int
    """Number of actions."""
    parts: int | None = None
    size_bytes: int | None = None
    add_file_count: int | None = None


def read_last_checkpoint(storage: AbstractStorageReader) -> LastCheckpoint | None:
    """Return the hint; None when the file is missing or damaged."""
    try:
        body = storage.read(LAST_CHECKPOINT_KEY)
    except NotFoundError:
        return None
    try:
        hint = msgspec.json.decode(body, type=LastCheckpoint)
        fields = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    if not 0 <= hint.version < 2**63:
        return None
    checksum = fields.get("checksum")
    return hint if checksum is None or checksum == json_checksum(fields) else None


def json_checksum(fields: dict[str, Any]) -> str:
    """Return the MD5 of the canonical form of a JSON object, without its ``checksum`` (Delta PROTOCOL,
    "JSON checksum"): keys as quoted, percent-encoded paths in order, joined by ``+``; values percent-encoded.
    """
    kept = {name: value for name, value in fields.items() if name != "checksum"}
    pairs = [pair for name, value in kept.items() for pair in _flat(_quoted(name), value)]
    text = ",".join(f"{path}={value}" for path, value in sorted(pairs))
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _flat(path: str, value: Any) -> list[tuple[str, str]]:
    if isinstance(value, dict):
        return [pair for name, part in value.items() for pair in _flat(f"{path}+{_quoted(name)}", part)]
    if isinstance(value, list):
        return [pair for index, part in enumerate(value) for pair in _flat(f"{path}+{index}", part)]
    return [(path, _quoted(value) if isinstance(value, str) else json.dumps(value))]


def _quoted(text: str) -> str:
    return '"' + quote(text, safe="-._~") + '"'
