"""What can go wrong before a file is read; a bad file itself is no error but a verdict."""

from __future__ import annotations

from lakehouse.errors import DefinitionError
from lakehouse.source_location import SourceLocation

__all__ = ["MissingLandingZoneError"]


class MissingLandingZoneError(DefinitionError):
    """The folder that files are to come from is not there."""

    def __init__(self, *, pattern: str, folder: str, location: SourceLocation | None = None) -> None:
        self.pattern = pattern
        self.folder = folder
        where = f"{location}: " if location else ""
        super().__init__(
            f"{where}the files {pattern!r} are to come from the folder {folder!r}, which is not there.",
            fix="make the folder, or set the variable in the pattern to another (--set NAME=FOLDER).",
        )

    def at(self, location: SourceLocation) -> MissingLandingZoneError:
        """Return the same error with the line that declares the files."""
        return MissingLandingZoneError(pattern=self.pattern, folder=self.folder, location=location)
