"""Which of the files that match a pattern are taken, and how many of them at a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from lakehouse.ingestion.errors import InvalidFormatError
from lakehouse.ingestion.landed_files import LandedFile
from lakehouse.ingestion.path_columns import missing_in_path

__all__ = ["EVERY_FILE", "FileChoice"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChoice:
    """Bounds of what one batch takes. Files beyond the bounds of a batch wait for the next one."""

    modified_after: str | None = None
    """ISO 8601; UTC where it names no offset. Files that were last changed then or before are not looked at."""
    modified_before: str | None = None
    """Files that were last changed then or later are not looked at."""
    max_files: int | None = None
    max_bytes: int | None = None
    """As they lie there. One file is taken however large it is."""
    path_columns: tuple[str, ...] = ()
    """Names that folders of a path give values: ``day`` for ``day=2011-01-04``."""

    def problems(self) -> Sequence[InvalidFormatError]:
        """Return what is wrong with the bounds."""
        found = []
        for name in ("modified_after", "modified_before"):
            text = getattr(self, name)
            try:
                _milliseconds(text)
            except ValueError:
                problem = f"{name} is {text!r}, which is no time"
                found.append(InvalidFormatError(problem=problem, fix="write it as 2011-01-04T00:00:00Z."))
        for name in ("max_files", "max_bytes"):
            number = getattr(self, name)
            if number is not None and number < 1:
                found.append(InvalidFormatError(problem=f"{name} is {number}", fix="give 1 or more."))
        return found

    def wants(self, file: LandedFile) -> bool:
        """Say whether a file is to be looked at."""
        after, before = _milliseconds(self.modified_after), _milliseconds(self.modified_before)
        return (after is None or file.modified_ms > after) and (before is None or file.modified_ms < before)

    def first(self, files: Sequence[LandedFile]) -> Sequence[LandedFile]:
        """Return as many of the files, from the first on, as one batch takes."""
        taken: list[LandedFile] = []
        size_bytes = 0
        for file in files:
            size_bytes += file.size_bytes
            too_many = self.max_files is not None and len(taken) >= self.max_files
            if taken and (too_many or (self.max_bytes is not None and size_bytes > self.max_bytes)):
                break
            taken.append(file)
        return taken

    def fault(self, file: LandedFile) -> str | None:
        """Say why a file can't be used, without looking into it; None where nothing is known against it."""
        return file.fault if file.fault is not None else missing_in_path(file.path, self.path_columns)


EVERY_FILE = FileChoice()
"""All that match, in one batch."""


def _milliseconds(text: str | None) -> int | None:
    if text is None:
        return None
    moment = dt.datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return int(moment.timestamp() * 1000)
