"""The time of a commit, inside of the commit (Delta PROTOCOL, "In-Commit Timestamps")."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from lakehouse.delta_log.actions import Action, MetadataChange
from lakehouse.delta_log.table_features.properties import TableProperties

__all__ = ["in_commit_timestamp", "is_enabled", "with_enablement"]

_SINCE_VERSION = "delta.inCommitTimestampEnablementVersion"
_SINCE_TIMESTAMP = "delta.inCommitTimestampEnablementTimestamp"


def is_enabled(metadata: MetadataChange | None) -> bool:
    """Return whether commits of a table with this metadata carry their time."""
    return metadata is not None and TableProperties(metadata.configuration).in_commit_timestamps


def in_commit_timestamp(metadata: MetadataChange | None, *, before_ms: int | None, now_ms: int) -> int | None:
    """Return the time of a commit, later than the one before; None without in-commit timestamps."""
    if not is_enabled(metadata):
        return None
    return now_ms if before_ms is None else max(now_ms, before_ms + 1)


def with_enablement(
    actions: Sequence[Action], *, before: MetadataChange | None, version: int, timestamp_ms: int
) -> list[Action]:
    """Note since when commits carry their time, in the commit that switches it on in an existing table.

    ``before`` is the metadata before the commit; None where there was no table.
    """
    if before is None or is_enabled(before):
        return list(actions)
    since = {_SINCE_VERSION: str(version), _SINCE_TIMESTAMP: str(timestamp_ms)}
    return [
        msgspec.structs.replace(action, configuration={**action.configuration, **since})
        if isinstance(action, MetadataChange)
        else action
        for action in actions
    ]
