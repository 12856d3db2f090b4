"""When versions were committed, and which one was current at a time (Delta PROTOCOL, "In-Commit Timestamps").

With in-commit timestamps a commit carries its time. Without, the modification time of its file counts, made
strictly increasing: a time that isn't after the one before becomes that plus one millisecond.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias

import msgspec

from lakehouse.delta_log.errors import MalformedLogError, TableNotFoundError, TimestampNotFoundError
from lakehouse.delta_log.log_files import LogFileKind, parse_log_key
from lakehouse.delta_log.log_listing import VERSIONED_PREFIX
from lakehouse.delta_log.table_properties import TableProperties
from lakehouse.delta_log.table_state import load_state
from lakehouse.errors import ConfigurationError
from lakehouse.storage import AbstractStorageReader, ObjectStat

__all__ = ["CommitTime", "Timestamp", "commit_times", "milliseconds", "version_at"]

Timestamp: TypeAlias = datetime | str | int
"""An aware datetime, its ISO 8601 text with an offset, or milliseconds since the epoch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitTime:
    """When a version was committed."""

    version: int
    timestamp_ms: int


def milliseconds(timestamp: Timestamp) -> int:
    """Return milliseconds since the epoch. Raises ConfigurationError without a time zone."""
    if isinstance(timestamp, int):
        return timestamp
    try:
        moment = datetime.fromisoformat(timestamp) if isinstance(timestamp, str) else timestamp
    except ValueError as error:
        raise _not_a_time(timestamp, "it is not ISO 8601") from error
    if moment.tzinfo is None:
        raise _not_a_time(timestamp, "it has no time zone")
    return int(moment.timestamp() * 1000)


def _not_a_time(timestamp: object, reason: str) -> ConfigurationError:
    return ConfigurationError(
        f"{timestamp!r} is not a timestamp: {reason}.", fix="write it like 2024-05-01T12:30:00+00:00 or …Z."
    )


def version_at(storage: AbstractStorageReader, timestamp: Timestamp, *, version: int | None = None) -> int:
    """Return the last version committed at or before a time.

    Raises TimestampNotFoundError before the first commit that is left and after the last one, as Spark does,
    and ConfigurationError where a version is given too.
    """
    if version is not None:
        raise ConfigurationError("Both a version and a timestamp were given.", fix="give one of them.")
    wanted = milliseconds(timestamp)
    times = commit_times(storage)
    table = storage.uri()
    if not times:
        raise TableNotFoundError(table=table)
    if wanted < times[0].timestamp_ms:
        raise _not_found(table, wanted, times[0], "the earliest commit that is left is later")
    if wanted > times[-1].timestamp_ms:
        raise _not_found(table, wanted, times[-1], "the latest commit is earlier")
    return max(time.version for time in times if time.timestamp_ms <= wanted)


def _not_found(table: str, wanted: int, bound: CommitTime, reason: str) -> TimestampNotFoundError:
    return TimestampNotFoundError(
        table=table,
        timestamp=_iso(wanted),
        reason=reason,
        bound=f"version {bound.version} at {_iso(bound.timestamp_ms)}",
    )


def _iso(timestamp_ms: int) -> str:
    try:
        return datetime.fromtimestamp(timestamp_ms / 1000, tz=UTC).isoformat(timespec="milliseconds")
    except (OverflowError, OSError, ValueError):
        return f"{timestamp_ms} ms"


def commit_times(storage: AbstractStorageReader) -> list[CommitTime]:
    """Return the time of each commit that is left, by version."""
    commits = _commits(storage)
    if not commits:
        return []
    metadata = load_state(storage)[0].metadata
    properties = {} if metadata is None else metadata.configuration
    enabled_from = TableProperties(properties).in_commit_timestamps_from
    if enabled_from is None:
        return _monotonic(commits)
    before = [(version, stat) for version, stat in commits if version < enabled_from]
    since = [(version, stat) for version, stat in commits if version >= enabled_from]
    return [*_monotonic(before), *(_in_commit(storage, version, stat.key) for version, stat in since)]


def _commits(storage: AbstractStorageReader) -> list[tuple[int, ObjectStat]]:
    found = ((parse_log_key(stat.key), stat) for stat in storage.list(VERSIONED_PREFIX))
    return [(file.version, stat) for file, stat in found if file and file.kind is LogFileKind.COMMIT]


def _monotonic(commits: Sequence[tuple[int, ObjectStat]]) -> list[CommitTime]:
    times: list[CommitTime] = []
    for version, stat in commits:
        earliest = times[-1].timestamp_ms + 1 if times else stat.modified_ms
        times.append(CommitTime(version=version, timestamp_ms=max(stat.modified_ms, earliest)))
    return times


class _CommitInfo(msgspec.Struct):
    inCommitTimestamp: int | None = None  # noqa: N815 - the log's name


class _Line(msgspec.Struct):
    commitInfo: _CommitInfo | None = None  # noqa: N815 - the log's name


_decoder = msgspec.json.Decoder(_Line)


def _in_commit(storage: AbstractStorageReader, version: int, key: str) -> CommitTime:
    # The commitInfo is the first action of such commits.
    first, _, _ = storage.read(key).partition(b"\n")
    try:
        info = _decoder.decode(first).commitInfo
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise MalformedLogError(source=storage.uri(key), line=1, reason=str(error)) from error
    if info is None or info.inCommitTimestamp is None:
        reason = "it does not start with a commitInfo with an inCommitTimestamp, which the table asks for"
        raise MalformedLogError(source=storage.uri(key), line=1, reason=reason)
    return CommitTime(version=version, timestamp_ms=info.inCommitTimestamp)
