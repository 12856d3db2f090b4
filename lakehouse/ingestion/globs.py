"""Patterns of paths: ``*``, ``?`` and ``[…]`` within one folder's names, ``**`` for any number of folders."""

from __future__ import annotations

import fnmatch
import re
from functools import cache

__all__ = ["DEEP", "WILDCARDS", "path_matcher"]

WILDCARDS = frozenset("*?[")
DEEP = "**"


@cache
def path_matcher(pattern: str) -> re.Pattern[str]:
    """Return what a whole path must match, folder by folder."""
    parts = [_part(part) for part in pattern.split("/")]
    text = "/".join(parts).replace(f"{_ANY_FOLDERS}/", "(?:[^/]+/)*").replace(_ANY_FOLDERS, ".*")
    return re.compile(rf"(?s:{text})\Z")


_ANY_FOLDERS = "\0"


def _part(part: str) -> str:
    if part == DEEP:
        return _ANY_FOLDERS
    translated = fnmatch.translate(part).removeprefix("(?s:").removesuffix(r")\Z")
    return translated.replace(".*", "[^/]*")
