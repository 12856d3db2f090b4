"""Paths as Spark takes them."""

from __future__ import annotations

import re

__all__ = ["literal_path"]


def literal_path(path: str) -> str:
    """Return a path that Spark takes as a name, not as a pattern, whatever characters it holds."""
    return re.sub(r"([{}\[\]*?\\])", r"\\\1", path)
