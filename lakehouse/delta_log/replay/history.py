"""Who committed which version, when and how."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from lakehouse.delta_log.actions import CommitInfo, first_bad_line
from lakehouse.delta_log.errors import MalformedLogError
from lakehouse.delta_log.log_segment import commit_key, read_all
from lakehouse.delta_log.replay.commit_times import CommitTimes
from lakehouse.storage import AbstractStorageReader

__all__ = ["HistoryEntry", "read_history"]

_CHUNK = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """One version in the history of a table."""

    version: int
    timestamp_ms: int
    commit_info: CommitInfo
    """Empty where the commit has none."""


class _Line(msgspec.Struct, gc=False):
    commitInfo: dict[str, Any] | None = None  # noqa: N815 - the log's name


_decoder = msgspec.json.Decoder(_Line)


def read_history(
    storage: AbstractStorageReader, times: CommitTimes, *, up_to: int, limit: int | None = None
) -> Iterator[HistoryEntry]:
    """Yield the versions that are left up to one, the newest first. Raises MalformedLogError."""
    versions = [version for version in reversed(times.versions) if version <= up_to][:limit]
    table = storage.uri()
    for start in range(0, len(versions), _CHUNK):
        chunk = versions[start : start + _CHUNK]
        keys = [commit_key(version) for version in chunk]
        for version, key, body in zip(chunk, keys, read_all(storage, keys), strict=True):
            info = _commit_info(body, f"{table}/{key}")
            yield HistoryEntry(version=version, timestamp_ms=times.of(version), commit_info=info)


def _commit_info(body: bytes, source: str) -> CommitInfo:
    try:
        lines = _decoder.decode_lines(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        line = first_bad_line(body, _decoder)
        raise MalformedLogError(source=source, line=line, reason=str(error)) from error
    return next((CommitInfo.from_json(line.commitInfo) for line in lines if line.commitInfo), CommitInfo())
