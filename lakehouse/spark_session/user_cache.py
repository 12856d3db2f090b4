"""Where files are kept between runs, for this user and for all projects."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

__all__ = ["user_cache_folder"]


def user_cache_folder(environment: Mapping[str, str] | None = None) -> Path:
    """Return $LAKEHOUSE_CACHE, else ``lakehouse`` in the user's cache folder; it need not exist."""
    variables = os.environ if environment is None else environment
    if variables.get("LAKEHOUSE_CACHE"):
        return Path(variables["LAKEHOUSE_CACHE"])
    cache = variables.get("XDG_CACHE_HOME") or Path(variables.get("HOME", "~")).expanduser() / ".cache"
    return Path(cache) / "lakehouse"
