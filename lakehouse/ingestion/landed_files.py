"""The files of a landing zone: one as an object, many in columns."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

__all__ = ["LandedFile", "Listing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LandedFile:
    """One name in a landing zone that matches the pattern."""

    path: str
    """As Spark takes it; the file's identity."""
    size_bytes: int
    modified_ms: int
    fault: str | None = None
    """Why no bytes can be had; None where they can. Completes the sentence "the file is rejected: …"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Some files in columns, at least one: of a million, few are worth an object of their own."""

    paths: Sequence[str]
    sizes_bytes: Sequence[int]
    modified_ms: Sequence[int]
    faults: Mapping[int, str] = field(default_factory=dict)
    """By the file's position."""

    @classmethod
    def of(cls, files: Collection[LandedFile]) -> Listing:
        """Return the listing of some files."""
        return cls(
            paths=[file.path for file in files],
            sizes_bytes=[file.size_bytes for file in files],
            modified_ms=[file.modified_ms for file in files],
            faults={at: file.fault for at, file in enumerate(files) if file.fault is not None},
        )

    def __len__(self) -> int:
        return len(self.paths)

    def __iter__(self) -> Iterator[LandedFile]:
        return map(self.file, range(len(self)))

    def file(self, position: int) -> LandedFile:
        """Return one of the files."""
        return LandedFile(
            path=self.paths[position],
            size_bytes=self.sizes_bytes[position],
            modified_ms=self.modified_ms[position],
            fault=self.faults.get(position),
        )
