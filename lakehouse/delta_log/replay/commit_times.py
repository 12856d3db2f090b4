"""When versions were committed, and which one was current at a time (Delta PROTOCOL, "In-Commit Timestamps").

With in-commit timestamps a commit carries its time. Without, the modification time of its file counts, made
strictly increasing: a time that isn't after the one before becomes that plus one millisecond.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

import msgspec

from lakehouse.delta_log.errors import MalformedLogError, TableNotFoundError, TimestampNotFoundError
from lakehouse.delta_log.log_segment import VERSIONED_PREFIX, LogFileKind, commit_key, parse_log_key
from lakehouse.delta_log.replay.timestamps import DAY_MS, Timestamp, day_of, iso_text, milliseconds
from lakehouse.storage import AbstractStorageReader

__all__ = ["CommitTimes"]


class CommitTimes:
    """The commits that are left, and the time of each. Commits are read only where their time is inside."""

    def __init__(self, storage: AbstractStorageReader, *, in_commit_from: int | None) -> None:
        """``in_commit_from``: the first version whose commit carries its time; None where no commit does."""
        self._storage = storage
        found = ((parse_log_key(stat.key), stat) for stat in storage.list(VERSIONED_PREFIX))
        commits = [(f.version, stat) for f, stat in found if f and f.kind is LogFileKind.COMMIT]
        self.versions: Sequence[int] = [version for version, _ in commits]
        self._by_file = _increasing(
            [
                (version, stat.modified_ms)
                for version, stat in commits
                if in_commit_from is None or version < in_commit_from
            ]
        )
        self._in_commit: dict[int, int] = {}

    def of(self, version: int) -> int:
        """Return the time of a version in milliseconds. Raises MalformedLogError, NotFoundError."""
        if version in self._by_file:
            return self._by_file[version]
        if version not in self._in_commit:
            self._in_commit[version] = _in_commit_time(self._storage, version)
        return self._in_commit[version]

    def version_at(self, timestamp: Timestamp) -> int:
        """Return the last version committed at or before a time, or on a day or before it.

        Raises TimestampNotFoundError before the first commit that is left and after the last, as Spark does.
        """
        timestamp_ms = milliseconds(timestamp)
        # Of the day of the last commit, that commit is the end.
        since_ms = timestamp_ms if day_of(timestamp) is None else timestamp_ms - DAY_MS + 1
        table = self._storage.uri()
        if not self.versions:
            raise TableNotFoundError(table=table)
        first, last = self.versions[0], self.versions[-1]
        if timestamp_ms < self.of(first):
            raise self._not_found(timestamp_ms, first, "the earliest commit that is left is later")
        if since_ms > self.of(last):
            raise self._not_found(timestamp_ms, last, "the latest commit is earlier")
        among = self._candidates(timestamp_ms)
        return among[bisect_right(among, timestamp_ms, key=self.of) - 1]

    def _candidates(self, timestamp_ms: int) -> Sequence[int]:
        # The two kinds of time are never compared but with the first that is inside of a commit.
        since = self.versions[len(self._by_file) :]
        return since if since and timestamp_ms >= self.of(since[0]) else list(self._by_file)

    def _not_found(self, timestamp_ms: int, bound: int, reason: str) -> TimestampNotFoundError:
        return TimestampNotFoundError(
            table=self._storage.uri(),
            timestamp=iso_text(timestamp_ms),
            reason=reason,
            bound=f"version {bound} at {iso_text(self.of(bound))}",
        )


def _increasing(times: Sequence[tuple[int, int]]) -> dict[int, int]:
    found: dict[int, int] = {}
    before: int | None = None
    for version, modified_ms in times:
        before = modified_ms if before is None else max(modified_ms, before + 1)
        found[version] = before
    return found


class _CommitInfo(msgspec.Struct):
    inCommitTimestamp: int | None = None  # noqa: N815 - the log's name


class _Line(msgspec.Struct):
    commitInfo: _CommitInfo | None = None  # noqa: N815 - the log's name


_decoder = msgspec.json.Decoder(_Line)


def _in_commit_time(storage: AbstractStorageReader, version: int) -> int:
    # The commitInfo is the first action of such commits.
    key = commit_key(version)
    first, _, _ = storage.read(key).partition(b"\n")
    try:
        info = _decoder.decode(first).commitInfo
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise MalformedLogError(source=storage.uri(key), line=1, reason=str(error)) from error
    if info is None or info.inCommitTimestamp is None:
        reason = "it does not start with a commitInfo with an inCommitTimestamp, which the table asks for"
        raise MalformedLogError(source=storage.uri(key), line=1, reason=reason)
    return info.inCommitTimestamp
