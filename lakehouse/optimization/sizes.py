"""Sizes as people read them."""

from __future__ import annotations

__all__ = ["size_text"]

_UNITS = ("bytes", "KB", "MB", "GB", "TB")


def size_text(size_bytes: float) -> str:
    """Return ``312 KB``, ``1.4 MB``: three digits, of units of 1,024."""
    unit = 0
    while size_bytes >= 1000 and unit < len(_UNITS) - 1:
        size_bytes /= 1024
        unit += 1
    text = f"{size_bytes:.1f}" if unit and size_bytes < 10 else f"{size_bytes:.0f}"
    return f"{text} {_UNITS[unit]}"
