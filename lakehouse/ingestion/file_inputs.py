"""The files of one batch, as the batch keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from lakehouse.errors import StorageError
from lakehouse.ingestion.formats import Accepted, Inspection, Rejected
from lakehouse.ingestion.landed_files import LandedFile
from lakehouse.ingestion.listing_mark import ListingMark

__all__ = ["UNREADABLE", "FileInputs", "TrackedFile", "moved_path", "why_unreadable"]

UNREADABLE = "unreadable"
"""Begins what stands for the digest of a file whose bytes could not be had."""


class TrackedFile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A file as a batch names it: its state when it was inspected, and what was found."""

    path: str
    size_bytes: int
    modified_ms: int
    digest: str
    facts: dict[str, Any] = {}
    """What the file's format keeps for reading it."""
    reason: str | None = None
    """Why it can't be used; None when it can."""
    declaration: str = ""
    """A digest of what the finding depended on beside the file."""
    replaces: bool = False
    """Whether an earlier batch took another content of it, whose rows give way to these."""
    repeats: bool = False
    """Whether an earlier batch has this content, with the same outcome: named only to be known in its new state."""

    @classmethod
    def found(
        cls,
        file: LandedFile,
        inspection: Inspection,
        *,
        declaration: str,
        replaces: bool = False,
        repeats: bool = False,
    ) -> TrackedFile:
        """Return a file with what its inspection found."""
        return cls(
            path=file.path,
            size_bytes=file.size_bytes,
            modified_ms=file.modified_ms,
            digest=inspection.digest,
            facts=dict(inspection.facts) if isinstance(inspection, Accepted) else {},
            reason=inspection.reason if isinstance(inspection, Rejected) else None,
            declaration=declaration,
            replaces=replaces,
            repeats=repeats,
        )

    @property
    def state(self) -> tuple[int, int]:
        """Size and time."""
        return self.size_bytes, self.modified_ms

    @property
    def was_unreadable(self) -> bool:
        """Whether its bytes could not be had, so that its state says nothing."""
        return self.digest.startswith(UNREADABLE)

    @property
    def was_left_out(self) -> bool:
        """Whether it changed or went before its batch read it: what was found in it counts no more."""
        return self.reason is not None and not self.declaration

    @property
    def inspection(self) -> Inspection:
        """What was found."""
        if self.reason is not None:
            return Rejected(reason=self.reason, digest=self.digest)
        return Accepted(facts=self.facts, digest=self.digest, size_bytes=self.size_bytes)

    def set_aside(self, change: Rejected) -> TrackedFile:
        """Return the file with why it was not read after all; what it depended on counts no more."""
        return TrackedFile(
            path=self.path,
            size_bytes=self.size_bytes,
            modified_ms=self.modified_ms,
            digest=change.digest,
            reason=change.reason,
        )

    def moved(self, old: str, new: str) -> TrackedFile:
        """Return the file as it is called where the folder ``old`` lies at ``new`` now: moved, or copied there."""
        path = moved_path(self.path, old, new)
        return self if path == self.path else msgspec.structs.replace(self, path=path)

    def was_rejected(self, digest: str, reason: str) -> bool:
        """Say whether it was rejected with this content for this reason."""
        return (self.digest, self.reason) == (digest, reason)


class FileInputs(msgspec.Struct, frozen=True, kw_only=True):
    """The files of one batch."""

    files: tuple[TrackedFile, ...]
    columns: dict[str, str] = {}
    """Columns beside the declared ones that the table has by this batch, with their types."""
    listing: ListingMark | None = None
    """How far the landing zone was listed; None where nobody says that its names grow."""
    root: str = ""
    """The folder of the landing zone when the batch was decided: a file's identity is its path below it."""
    earlier_roots: tuple[str, ...] = ()
    """Where the landing zone was before, when files take the place of rows that name them by their old paths."""

    @classmethod
    def of(cls, inputs: Mapping[str, Any]) -> FileInputs:
        """Read a batch's inputs."""
        return msgspec.convert(inputs, cls)

    def as_json(self) -> dict[str, Any]:
        """Return the inputs as a batch keeps them."""
        inputs: dict[str, Any] = {"files": [msgspec.to_builtins(file) for file in self.files]}
        if self.columns:
            inputs["columns"] = self.columns
        if self.listing is not None:
            inputs["listing"] = msgspec.to_builtins(self.listing)
        if self.root:
            inputs["root"] = self.root
        if self.earlier_roots:
            inputs["earlier_roots"] = list(self.earlier_roots)
        return inputs

    def new(self) -> tuple[TrackedFile, ...]:
        """Return the files with news: those to read and those to set aside."""
        return tuple(file for file in self.files if not file.repeats)

    def accepted(self) -> dict[str, Accepted]:
        """Return the files to read, by path."""
        return {file.path: found for file in self.new() if isinstance(found := file.inspection, Accepted)}

    def rejected(self) -> dict[str, Rejected]:
        """Return the files to set aside, by path."""
        return {file.path: found for file in self.new() if isinstance(found := file.inspection, Rejected)}


def moved_path(path: str, old: str, new: str) -> str:
    """Return a path below ``old`` as it is below ``new``; a path that is below ``new`` already stays."""
    if not old or old == new or not path.startswith(f"{old}/") or path.startswith(f"{new}/"):
        return path
    return f"{new}{path.removeprefix(old)}"


def why_unreadable(error: OSError | StorageError) -> str:
    """Return the reason that a file is rejected for when its bytes can't be had."""
    return f"it can't be read ({error.strerror if isinstance(error, OSError) else error})"
