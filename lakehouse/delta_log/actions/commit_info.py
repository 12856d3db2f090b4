"""Who committed what, and how."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from lakehouse.delta_log.actions.numbers import Int64

__all__ = ["CommitInfo"]

_JSON_NAMES = {
    "timestamp_ms": "timestamp",
    "in_commit_timestamp_ms": "inCommitTimestamp",
    "operation": "operation",
    "operation_parameters": "operationParameters",
    "read_version": "readVersion",
    "isolation_level": "isolationLevel",
    "is_blind_append": "isBlindAppend",
    "operation_metrics": "operationMetrics",
    "user_metadata": "userMetadata",
    "engine_info": "engineInfo",
    "transaction_id": "txnId",
}


class CommitInfo(msgspec.Struct, frozen=True, kw_only=True):
    """The provenance of a commit (Delta PROTOCOL, "Commit Provenance Information").

    The protocol allows any JSON here, so fields of the usual name but another type, and all other fields, are
    kept as they are in ``extra``.
    """

    timestamp_ms: Int64 | None = None
    in_commit_timestamp_ms: Int64 | None = None
    operation: str | None = None
    operation_parameters: Mapping[str, Any] | None = None
    read_version: Int64 | None = None
    isolation_level: str | None = None
    is_blind_append: bool | None = None
    operation_metrics: Mapping[str, Any] | None = None
    user_metadata: str | None = None
    engine_info: str | None = None
    transaction_id: str | None = None
    extra: Mapping[str, Any] = msgspec.field(default_factory=dict)

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> CommitInfo:
        """Take what a log holds: never fails on a field's type."""
        known: dict[str, Any] = {}
        extra = dict(fields)
        for name, json_name in _JSON_NAMES.items():
            if _is_of_type(extra.get(json_name), name):
                known[name] = extra.pop(json_name)
        return cls(**known, extra=extra)

    def to_json(self) -> dict[str, Any]:
        """Return the JSON object, without the fields that are None; ``inCommitTimestamp`` comes first."""
        fields = {json_name: getattr(self, name) for name, json_name in _FIRST_IN_COMMIT.items()}
        return {name: value for name, value in fields.items() if value is not None} | dict(self.extra)


_FIRST_IN_COMMIT = {"in_commit_timestamp_ms": "inCommitTimestamp"} | _JSON_NAMES
_TYPES: dict[str, type | tuple[type, ...]] = {
    "timestamp_ms": int,
    "in_commit_timestamp_ms": int,
    "operation_parameters": dict,
    "read_version": int,
    "is_blind_append": bool,
    "operation_metrics": dict,
}


def _is_of_type(value: Any, name: str) -> bool:
    expected = _TYPES.get(name, str)
    if expected is int:
        return isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63
    return isinstance(value, expected)
