"""What the command line itself can get wrong. Everything else that it says comes from the library."""

from __future__ import annotations

from pathlib import Path

from lakehouse.errors import ConfigurationError

__all__ = ["ProjectExistsError"]


class ProjectExistsError(ConfigurationError):
    """A file of the new project exists already; nothing was written."""

    def __init__(self, *, path: Path) -> None:
        self.path = path
        super().__init__(f"{str(path)!r} already exists.", fix="choose another name, or move it away.")
