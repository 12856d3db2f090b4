"""Which files a table has not seen, and whether each of them can be read. Decides; reads no row and writes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec

from lakehouse.ingestion import Accepted, LandedFile, LandingZone, Rejected, Verdict, inspect_csv
from lakehouse.pipelines.sources import FileSource, Inputs

__all__ = ["FileInputs", "TrackedFile", "changed_files", "unseen_files"]

_INSPECTORS = 4
_COMPRESSED = ".gz"


class TrackedFile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A file as a batch names it: with its state when it was decided, and what was decided."""

    path: str
    size_bytes: int
    modified_ms: int
    digest: str
    header: tuple[str, ...] = ()
    multiline: bool = False
    reason: str | None = None
    """Why it can't be used; None where it can."""

    @property
    def verdict(self) -> Verdict:
        """What the inspection said."""
        if self.reason is not None:
            return Rejected(reason=self.reason, digest=self.digest)
        return Accepted(header=self.header, multiline=self.multiline, digest=self.digest)


class FileInputs(msgspec.Struct, frozen=True, kw_only=True):
    """The inputs of a batch of files."""

    files: tuple[TrackedFile, ...]

    @classmethod
    def of(cls, inputs: Inputs) -> FileInputs:
        """Read a batch's inputs."""
        return msgspec.convert(inputs, cls)

    def as_json(self) -> dict[str, Any]:
        """Return the inputs as a batch keeps them."""
        return {"files": [msgspec.to_builtins(file) for file in self.files]}

    def accepted(self) -> dict[str, Accepted]:
        """Return the files to read, by path."""
        return {file.path: verdict for file in self.files if isinstance(verdict := file.verdict, Accepted)}

    def rejected(self) -> dict[str, Rejected]:
        """Return the files to set aside, by path."""
        return {file.path: verdict for file in self.files if isinstance(verdict := file.verdict, Rejected)}


def unseen_files(zone: LandingZone, source: FileSource, history: Sequence[Inputs]) -> FileInputs | None:
    """Return the files that no batch in ``history`` has seen as they are now, inspected; None where none is new.

    A file is known by its path. One that was rejected may come again with other content; one that was taken
    may not: its rows would be doubled, so it is rejected with that reason.
    """
    seen = _seen(history)
    candidates = changed_files(zone, history)
    with ThreadPoolExecutor(_INSPECTORS) as pool:
        verdicts = list(pool.map(lambda file: _inspect(zone, source, file), candidates))
    found = [
        _tracked(file, _against(seen, file, verdict))
        for file, verdict in zip(candidates, verdicts, strict=True)
        if not _same_content(verdict, seen.get(file.path))
    ]
    return FileInputs(files=tuple(found)) if found else None


def changed_files(zone: LandingZone, history: Iterable[Inputs]) -> list[LandedFile]:
    """Return the files that by path, size and time are not those seen before; reads none of them."""
    seen = _seen(history)
    return [file for file in zone.files() if not _same_state(file, seen.get(file.path))]


def _seen(history: Iterable[Inputs]) -> dict[str, TrackedFile]:
    return {file.path: file for inputs in history for file in FileInputs.of(inputs).files}


def _same_state(file: LandedFile, known: TrackedFile | None) -> bool:
    return known is not None and (file.size_bytes, file.modified_ms) == (known.size_bytes, known.modified_ms)


def _same_content(verdict: Verdict, known: TrackedFile | None) -> bool:
    return known is not None and verdict.digest == known.digest


def _inspect(zone: LandingZone, source: FileSource, file: LandedFile) -> Verdict:
    if file.is_folder:
        return Rejected(reason="it is a folder where a file is expected", digest="folder")
    try:
        with zone.open(file) as stream:
            return inspect_csv(
                stream,
                columns=source.columns,
                compressed=file.path.endswith(_COMPRESSED),
                delimiter=source.delimiter,
            )
    except OSError as error:
        return Rejected(reason=f"it can't be read ({error.strerror})", digest=f"unreadable {error.errno}")


def _against(seen: Mapping[str, TrackedFile], file: LandedFile, verdict: Verdict) -> Verdict:
    known = seen.get(file.path)
    if known is None or known.reason is not None:
        return verdict
    return Rejected(reason="it was taken before, with other content", digest=verdict.digest)


def _tracked(file: LandedFile, verdict: Verdict) -> TrackedFile:
    accepted = verdict if isinstance(verdict, Accepted) else None
    return TrackedFile(
        path=file.path,
        size_bytes=file.size_bytes,
        modified_ms=file.modified_ms,
        digest=verdict.digest,
        header=accepted.header if accepted else (),
        multiline=accepted.multiline if accepted else False,
        reason=verdict.reason if isinstance(verdict, Rejected) else None,
    )
