"""A file that documents are written to, one a line: a target of an outbox."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = ["FileTarget"]


@dataclass(frozen=True, slots=True)
class FileTarget:
    """Appends each document to the file, which is made where it is missing."""

    path: Path

    def __call__(self, body: bytes) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab") as file:
            file.write(body + b"\n")
