"""Names that are other programs' own."""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence

__all__ = ["PRIVATE", "is_private"]

PRIVATE = (".", "_")
"""Names that begin so are other programs' half-written or private files and folders, as Spark sees it too."""


def is_private(parts: Sequence[str], wanted: Sequence[str]) -> bool:
    """Say whether a part of a path begins like a private name, which no part of the pattern asks for."""
    return any(
        part.startswith(mark)
        and not any(want.startswith(mark) and fnmatch.fnmatchcase(part, want) for want in wanted)
        for part in parts
        for mark in PRIVATE
    )
