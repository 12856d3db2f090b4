"""What can be said of an archive before a start, and what it means for the start."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

__all__ = ["Absent", "Building", "ClassDataState", "Ready", "Unusable"]


@dataclass(frozen=True, slots=True)
class ClassDataState:
    """Sessions start without an archive, unless a subclass says otherwise. As text, it is for people."""

    is_to_be_built: ClassVar[bool] = False
    fix: ClassVar[str] = ""
    """What a person can do about it; empty when there is nothing to do."""

    @property
    def java_options(self) -> tuple[str, ...]:
        """The JVM's options for a start in this state."""
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready(ClassDataState):
    """The archive is whole; the next start maps it."""

    path: Path
    size_bytes: int

    @property
    def java_options(self) -> tuple[str, ...]:
        """Options that map the archive; a JVM that can't says nothing and starts without."""
        # Two subjects, because the messages about an archive that doesn't fit come under both.
        quiet = ("-Xlog:cds=off", "-Xlog:cds+dynamic=off")
        return ("-Xshare:auto", f"-XX:SharedArchiveFile={self.path}", *quiet)

    def __str__(self) -> str:
        return f"{self.path} ({self.size_bytes / 2**20:.0f} MiB)"


@dataclass(frozen=True, slots=True)
class Absent(ClassDataState):
    """No archive for this Java, Spark and Delta; the next session has one built."""

    is_to_be_built: ClassVar[bool] = True
    fix: ClassVar[str] = "run any pipeline: it has the archive built beside it, for the starts that follow."

    def __str__(self) -> str:
        return "not built yet"


@dataclass(frozen=True, slots=True)
class Building(ClassDataState):
    """Another process builds it now."""

    fix: ClassVar[str] = "wait a minute or two."

    def __str__(self) -> str:
        return "being built"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unusable(ClassDataState):
    """No archive is used, and no archive is built."""

    fix: ClassVar[str] = "nothing needs it: sessions start as fast as Spark does by itself."
    reason: str

    def __str__(self) -> str:
        return self.reason
