"""Files that a person names to be written: their folders are made, and what is refused has a way out."""

from __future__ import annotations

from pathlib import Path
from typing import IO

from lakehouse.cli.errors import UnwritableFileError
from lakehouse.errors import StorageError
from lakehouse.storage import LocalStorageService

__all__ = ["opened_to_write", "write_text"]


def write_text(path: Path, text: str) -> None:
    """Write a file whole: who opens it meanwhile sees the old one. Raises UnwritableFileError."""
    try:
        LocalStorageService(path.parent).write(path.name, text.encode())
    except StorageError as error:
        raise UnwritableFileError(path=path, reason=_reason(error)) from error


def opened_to_write(path: Path) -> IO[bytes]:
    """Open a file for what comes bit by bit. Raises UnwritableFileError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("wb")
    except OSError as error:
        raise UnwritableFileError(path=path, reason=error.strerror or str(error)) from error


def _reason(error: StorageError) -> str:
    cause = error.__cause__
    return cause.strerror or str(cause) if isinstance(cause, OSError) else str(error)
