"""Where compiled kernels are kept: one folder for each state of this package's sources.

numba itself looks only at the file of a kernel, not at those of the kernels it calls: after an upgrade it could
run old code. And what it keeps is loaded as code, so the folder must be this user's alone.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

__all__ = ["cache_folder"]


@cache
def cache_folder() -> Path | None:
    """Return a folder that only this user can write to, or None: then nothing is kept."""
    name = f"lakehouse-chess-{_sources_digest()}"
    return next((folder for root in _roots() if (folder := _private(root / name)) is not None), None)


def _roots() -> Iterator[Path]:
    """Yield where a user's caches may lie, the preferred place first."""
    given = os.environ.get("XDG_CACHE_HOME")
    if given:
        yield Path(given)
    home = os.environ.get("HOME")
    if home:
        yield Path(home) / ".cache"
    yield Path(tempfile.gettempdir()) / f"lakehouse-{os.getuid()}"


def _private(folder: Path) -> Path | None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        status = folder.stat()
    except OSError:
        return None
    is_mine = status.st_uid == os.getuid() and not status.st_mode & 0o022
    return folder if is_mine and os.access(folder, os.W_OK) else None


def _sources_digest() -> str:
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]
