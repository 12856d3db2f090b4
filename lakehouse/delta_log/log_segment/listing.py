"""Which files the log has. A log may hold many thousands; only their names are read."""

from __future__ import annotations

import os

from lakehouse.delta_log.log_segment.file_names import LOG_FOLDER, LogFile, parse_log_key, version_prefix
from lakehouse.storage import AbstractStorageReader, LocalStorageService

__all__ = ["VERSIONED_PREFIX", "list_log"]

VERSIONED_PREFIX = f"{LOG_FOLDER}0"
"""Every version is below 2**63, so its 20 digits start with 0; other files and folders of the log don't."""


def list_log(storage: AbstractStorageReader, *, from_version: int = 0) -> list[LogFile]:
    """Return the files of the log from a version on, by key."""
    start = version_prefix(from_version)
    if isinstance(storage, LocalStorageService):
        keys = _local_keys(storage, start)
    else:
        start_after = start if from_version else ""
        keys = [stat.key for stat in storage.list(VERSIONED_PREFIX, start_after=start_after)]
    found = (parse_log_key(key) for key in keys)
    return [file for file in found if file is not None]


def _local_keys(storage: LocalStorageService, start: str) -> list[str]:
    # The service's own listing asks the disk for size and time of each file, which this listing does not need.
    folder = storage.path() / LOG_FOLDER
    try:
        names = os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError:
        return [stat.key for stat in storage.list(VERSIONED_PREFIX) if stat.key >= start]
    first = start.removeprefix(LOG_FOLDER)
    return [LOG_FOLDER + name for name in sorted(name for name in names if first <= name < "1")]
