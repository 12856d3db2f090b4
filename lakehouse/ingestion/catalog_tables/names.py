"""Names of tables as people write them."""

from __future__ import annotations

import re

from lakehouse.tables import quoted

__all__ = ["is_path", "name_parts", "quoted_name"]

_PART = re.compile(r"`((?:[^`]|``)+)`|([^.`]+)")


def is_path(name: str) -> bool:
    """Say whether a text names a folder or a URI: no part of a catalog's name has a slash."""
    return "/" in name


def name_parts(name: str) -> list[str]:
    """Return the parts of a name, those in backquotes as they are."""
    return [(match[1] or "").replace("``", "`") or match[2] for match in _PART.finditer(name)]


def quoted_name(name: str) -> str:
    """Return the name for Spark's SQL, whatever characters its parts hold."""
    return ".".join(map(quoted, name_parts(name)))
