"""Which files of a landing zone are new, and whether each can be read. Decides; reads no row and writes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec

from lakehouse.ingestion.formats import Accepted, FileFormat, Inspection, Rejected
from lakehouse.ingestion.landing_zone import LandedFile, LandingZone

__all__ = ["FileInputs", "TrackedFile", "changed_files", "inspect_files"]

_INSPECTORS = 4


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

    @property
    def inspection(self) -> Inspection:
        """What was found."""
        if self.reason is not None:
            return Rejected(reason=self.reason, digest=self.digest)
        return Accepted(facts=self.facts, digest=self.digest)


class FileInputs(msgspec.Struct, frozen=True, kw_only=True):
    """The files of one batch."""

    files: tuple[TrackedFile, ...]

    @classmethod
    def of(cls, inputs: Mapping[str, Any]) -> FileInputs:
        """Read a batch's inputs."""
        return msgspec.convert(inputs, cls)

    def as_json(self) -> dict[str, Any]:
        """Return the inputs as a batch keeps them."""
        return {"files": [msgspec.to_builtins(file) for file in self.files]}

    def accepted(self) -> dict[str, Accepted]:
        """Return the files to read, by path."""
        return {file.path: found for file in self.files if isinstance(found := file.inspection, Accepted)}

    def rejected(self) -> dict[str, Rejected]:
        """Return the files to set aside, by path."""
        return {file.path: found for file in self.files if isinstance(found := file.inspection, Rejected)}

    def changed_in(self, zone: LandingZone) -> TrackedFile | None:
        """Return the first accepted file that is not in the zone as it was; None when all are."""
        now = {file.path: (file.size_bytes, file.modified_ms) for file in zone.files()}
        for file in self.files:
            if file.reason is None and now.get(file.path) != (file.size_bytes, file.modified_ms):
                return file
        return None


def changed_files(zone: LandingZone, history: Iterable[Mapping[str, Any]]) -> tuple[LandedFile, ...]:
    """Return the files that differ from those in ``history`` by path, size or time. Lists, and reads no file."""
    seen = _seen(history)
    return tuple(file for file in zone.files() if not _same_state(file, seen.get(file.path)))


def inspect_files(
    zone: LandingZone,
    candidates: Sequence[LandedFile],
    file_format: FileFormat,
    history: Iterable[Mapping[str, Any]],
) -> FileInputs | None:
    """Return the candidates whose content is not in ``history``, inspected; None when there are none.

    A file is known by its path. One that was rejected may come again with other content; one that was taken
    may not: its rows would be doubled, so it is rejected with that reason.
    """
    seen = _seen(history)
    with ThreadPoolExecutor(_INSPECTORS) as pool:
        inspections = list(pool.map(lambda file: _inspect(zone, file_format, file), candidates))
    found = [
        _tracked(file, _unless_taken_before(inspection, seen.get(file.path)))
        for file, inspection in zip(candidates, inspections, strict=True)
        if not _same_content(inspection, seen.get(file.path))
    ]
    return FileInputs(files=tuple(found)) if found else None


def _seen(history: Iterable[Mapping[str, Any]]) -> dict[str, TrackedFile]:
    return {file.path: file for inputs in history for file in FileInputs.of(inputs).files}


def _same_state(file: LandedFile, known: TrackedFile | None) -> bool:
    return known is not None and (file.size_bytes, file.modified_ms) == (known.size_bytes, known.modified_ms)


def _same_content(inspection: Inspection, known: TrackedFile | None) -> bool:
    return known is not None and inspection.digest == known.digest


def _inspect(zone: LandingZone, file_format: FileFormat, file: LandedFile) -> Inspection:
    if file.is_folder:
        return Rejected(reason="it is a folder where a file is expected", digest="folder")
    try:
        with zone.open(file) as stream:
            return file_format.inspect(stream, name=file.path)
    except OSError as error:
        return Rejected(reason=f"it can't be read ({error.strerror})", digest=f"unreadable {error.errno}")


def _unless_taken_before(inspection: Inspection, known: TrackedFile | None) -> Inspection:
    if known is None or known.reason is not None:
        return inspection
    return Rejected(reason="it was taken before, with other content", digest=inspection.digest)


def _tracked(file: LandedFile, inspection: Inspection) -> TrackedFile:
    return TrackedFile(
        path=file.path,
        size_bytes=file.size_bytes,
        modified_ms=file.modified_ms,
        digest=inspection.digest,
        facts=dict(inspection.facts) if isinstance(inspection, Accepted) else {},
        reason=inspection.reason if isinstance(inspection, Rejected) else None,
    )
