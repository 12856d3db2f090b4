"""Where in a file something was declared, so that an error can point at it."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

__all__ = ["SourceLocation", "caller_location"]

_PACKAGE = os.path.dirname(os.path.abspath(__file__)) + os.sep


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLocation:
    """A line of a file, as ``file:line``."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


def caller_location() -> SourceLocation:
    """Return the line outside of this library that led here: a definition's own line."""
    frame = sys._getframe(1)
    while frame.f_code.co_filename.startswith(_PACKAGE) and frame.f_back is not None:
        frame = frame.f_back
    path = frame.f_code.co_filename
    shown = os.path.relpath(path) if os.path.isabs(path) and not path.startswith("<") else path
    return SourceLocation(file=path if shown.startswith("..") else shown, line=frame.f_lineno)
