"""Which files the log has, and which of them make a version. It knows their names, and no action in them."""

from lakehouse.delta_log.log_segment.bulk_reading import read_all
from lakehouse.delta_log.log_segment.file_names import (
    LAST_CHECKPOINT_KEY,
    LOG_FOLDER,
    SIDECAR_FOLDER,
    LogFile,
    LogFileKind,
    checkpoint_key,
    checksum_key,
    commit_key,
    parse_log_key,
    sidecar_key,
    v2_checkpoint_key,
)
from lakehouse.delta_log.log_segment.last_checkpoint import json_checksum, read_last_checkpoint
from lakehouse.delta_log.log_segment.listing import VERSIONED_PREFIX, list_log
from lakehouse.delta_log.log_segment.segment import (
    LogSegment,
    complete_checkpoints,
    find_segment,
    replayed_commits,
)

__all__ = [
    "LAST_CHECKPOINT_KEY",
    "LOG_FOLDER",
    "SIDECAR_FOLDER",
    "VERSIONED_PREFIX",
    "LogFile",
    "LogFileKind",
    "LogSegment",
    "checkpoint_key",
    "checksum_key",
    "commit_key",
    "complete_checkpoints",
    "find_segment",
    "json_checksum",
    "list_log",
    "parse_log_key",
    "read_all",
    "read_last_checkpoint",
    "replayed_commits",
    "sidecar_key",
    "v2_checkpoint_key",
]
