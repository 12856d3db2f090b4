"""Names of columns as SQL text."""

from __future__ import annotations

__all__ = ["quoted"]


def quoted(name: str) -> str:
    """Return ``name`` as one identifier of Spark SQL, whatever characters it holds."""
    return "`" + name.replace("`", "``") + "`"
