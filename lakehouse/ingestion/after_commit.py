"""What becomes of files whose rows are in the table: they stay, go, or are moved to an archive."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from lakehouse.errors import StorageError
from lakehouse.ingestion.file_inputs import TrackedFile
from lakehouse.ingestion.landing_zone import LandingZone
from lakehouse.storage import copy_object, locate, parse_uri

__all__ = ["DELETE", "clear_away"]

_log = logging.getLogger(__name__)

DELETE = "delete"


def clear_away(zone: LandingZone, files: Iterable[TrackedFile], *, policy: str) -> int:
    """Delete files, or move them below the folder that ``policy`` names; return how many went.

    Call it when their rows are committed. A file that is not as it was taken stays, and so does one that can't
    be moved: the table has its rows, and the next call tries again.
    """
    wanted = {file.path: file for file in files}
    gone = 0
    for path, now in zone.now(list(wanted)).items():
        if (now.size_bytes, now.modified_ms) != wanted[path].state:
            continue
        try:
            _delete(path) if policy == DELETE else _move(path, policy.rstrip("/"), wanted[path].digest)
            gone += 1
        except (OSError, StorageError) as error:
            _log.warning("%r is in the table, and can't be cleared away: %s", path, error)
    return gone


def _delete(path: str) -> None:
    location = parse_uri(path)
    if location.scheme == "file":
        Path(location.path).unlink(missing_ok=True)
    else:
        store, key = locate(path)
        store.delete(key)


def _move(path: str, archive: str, digest: str) -> None:
    """Move a file under its own name; where the archive has another file of this name, under name and digest."""
    name = path.rpartition("/")[2]
    target, other = f"{archive}/{name}", f"{archive}/{digest[:12]}-{name}"
    if "://" in path or "://" in archive:
        store, key = locate(target)
        copy_object(path, other if store.exists(key) else target)
        _delete(path)
        return
    Path(archive).mkdir(parents=True, exist_ok=True)
    shutil.move(path, other if os.path.exists(target) else target)
