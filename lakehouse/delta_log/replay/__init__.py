"""From the files of the log to the state of a table at one version. It opens no data file, and writes nothing."""

from lakehouse.delta_log.replay.checkpoint_files import file_keys
from lakehouse.delta_log.replay.checkpoint_reader import read_checkpoint
from lakehouse.delta_log.replay.commit_content import (
    CommitContent,
    FileKey,
    commit_mark,
    content_of_actions,
    file_key,
    read_content,
)
from lakehouse.delta_log.replay.commit_times import CommitTimes
from lakehouse.delta_log.replay.file_set import FileSet, Totals
from lakehouse.delta_log.replay.file_table import STRING_MAP
from lakehouse.delta_log.replay.history import HistoryEntry, read_history
from lakehouse.delta_log.replay.log_state import (
    LogState,
    check_complete,
    empty_state,
    load_state,
    with_own_commit,
)
from lakehouse.delta_log.replay.timestamps import Timestamp, iso_text, milliseconds
from lakehouse.delta_log.replay.version_checksum import (
    VersionChecksum,
    check_state,
    check_totals,
    checksum_of,
    read_checksum,
)

__all__ = [
    "STRING_MAP",
    "CommitContent",
    "CommitTimes",
    "FileKey",
    "FileSet",
    "HistoryEntry",
    "LogState",
    "Timestamp",
    "Totals",
    "VersionChecksum",
    "check_complete",
    "check_state",
    "check_totals",
    "checksum_of",
    "commit_mark",
    "content_of_actions",
    "empty_state",
    "file_key",
    "file_keys",
    "iso_text",
    "load_state",
    "milliseconds",
    "read_checkpoint",
    "read_checksum",
    "read_content",
    "read_history",
    "with_own_commit",
]
