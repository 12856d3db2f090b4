"""The names of the files in ``_delta_log``: version and kind from the name, the name from the version."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from enum import Enum

__all__ = [
    "LAST_CHECKPOINT_KEY",
    "LOG_FOLDER",
    "SIDECAR_FOLDER",
    "LogFile",
    "LogFileKind",
    "checkpoint_key",
    "checksum_key",
    "commit_key",
    "compacted_key",
    "parse_log_key",
    "sidecar_key",
    "v2_checkpoint_key",
    "version_prefix",
]

LOG_FOLDER = "_delta_log/"
SIDECAR_FOLDER = f"{LOG_FOLDER}_sidecars/"
LAST_CHECKPOINT_KEY = f"{LOG_FOLDER}_last_checkpoint"


class LogFileKind(Enum):
    """What a file of the log is (Delta PROTOCOL, "Delta Log Entries" and "Checkpoints")."""

    COMMIT = "commit"
    CHECKSUM = "checksum"
    CLASSIC_CHECKPOINT = "classic checkpoint"
    MULTI_PART_CHECKPOINT = "multi-part checkpoint"
    V2_CHECKPOINT = "V2 checkpoint"
    COMPACTED = "compacted log"

    @property
    def is_checkpoint(self) -> bool:
        return self in _CHECKPOINTS


_CHECKPOINTS = {
    LogFileKind.CLASSIC_CHECKPOINT,
    LogFileKind.MULTI_PART_CHECKPOINT,
    LogFileKind.V2_CHECKPOINT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFile:
    """One file of the log, by its name."""

    key: str
    kind: LogFileKind
    version: int
    """The version that it makes, or, of a compacted log, the first that it covers."""
    end_version: int
    """The last version that it covers; ``version`` but for compacted logs."""
    part: int = 1
    parts: int = 1


_UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_COMMIT = re.compile(r"([0-9]{20})\.json")
_PATTERNS = (
    (re.compile(r"([0-9]{20})\.crc"), LogFileKind.CHECKSUM),
    (re.compile(r"([0-9]{20})\.checkpoint\.parquet"), LogFileKind.CLASSIC_CHECKPOINT),
    (re.compile(rf"([0-9]{{20}})\.checkpoint\.{_UUID}\.(?:json|parquet)"), LogFileKind.V2_CHECKPOINT),
)
_MULTI_PART = re.compile(r"([0-9]{20})\.checkpoint\.([0-9]{10})\.([0-9]{10})\.parquet")
_COMPACTED = re.compile(r"([0-9]{20})\.([0-9]{20})\.compacted\.json")


def parse_log_key(key: str) -> LogFile | None:
    """Return what a file of ``_delta_log`` is; None for a file that has no meaning in the protocol."""
    name = key.removeprefix(LOG_FOLDER)
    if match := _COMMIT.fullmatch(name):
        return _of_one_version(key, LogFileKind.COMMIT, int(match[1]))
    for pattern, kind in _PATTERNS:
        if match := pattern.fullmatch(name):
            return _of_one_version(key, kind, int(match[1]))
    if match := _MULTI_PART.fullmatch(name):
        return _part(key, *map(int, match.groups()))
    if match := _COMPACTED.fullmatch(name):
        start, end = map(int, match.groups())
        found = LogFile(key=key, kind=LogFileKind.COMPACTED, version=start, end_version=end)
        return found if start < end < 2**63 else None
    return None


def _of_one_version(key: str, kind: LogFileKind, version: int) -> LogFile | None:
    if version >= 2**63:
        return None
    return LogFile(key=key, kind=kind, version=version, end_version=version)


def _part(key: str, version: int, part: int, parts: int) -> LogFile | None:
    if version >= 2**63 or not 1 <= part <= parts:
        return None
    kind = LogFileKind.MULTI_PART_CHECKPOINT
    return LogFile(key=key, kind=kind, version=version, end_version=version, part=part, parts=parts)


def version_prefix(version: int) -> str:
    """Return what the keys of a version start with; keys of the log sort by version."""
    return f"{LOG_FOLDER}{version:020d}"


def commit_key(version: int) -> str:
    """Return the key of the commit that makes ``version``."""
    return f"{version_prefix(version)}.json"


def checksum_key(version: int) -> str:
    """Return the key of the version's checksum file."""
    return f"{version_prefix(version)}.crc"


def checkpoint_key(version: int) -> str:
    """Return the key of the version's classic checkpoint."""
    return f"{version_prefix(version)}.checkpoint.parquet"


def v2_checkpoint_key(version: int, *, extension: str = "parquet") -> str:
    """Return a new key for a V2 checkpoint of the version; ``extension`` is ``parquet`` or ``json``."""
    return f"{version_prefix(version)}.checkpoint.{uuid.uuid4()}.{extension}"


def sidecar_key() -> str:
    """Return a new key for a sidecar."""
    return f"{SIDECAR_FOLDER}{uuid.uuid4()}.parquet"


def compacted_key(start: int, end: int) -> str:
    """Return the key of the compacted log of ``start`` to ``end``, both included."""
    return f"{version_prefix(start)}.{end:020d}.compacted.json"
