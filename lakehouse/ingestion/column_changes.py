"""How the columns of one file differ from those that its table has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["ColumnChanges"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnChanges:
    """Nothing in it is true: there is no difference."""

    new: Mapping[str, str]
    """Columns that nobody declared, with their types."""
    missing: tuple[str, ...]
    """Columns that the file must have and lacks."""
    changed: Mapping[str, str]
    """Columns with values that do not fit, with the types of these."""

    def __bool__(self) -> bool:
        return bool(self.new or self.missing or self.changed)

    def __str__(self) -> str:
        parts = {
            "new": ", ".join(f"{name} {held}" for name, held in self.new.items()),
            "missing": ", ".join(self.missing),
            "of another type": ", ".join(f"{name} {held}" for name, held in self.changed.items()),
        }
        return "; ".join(f"{kind}: {names}" for kind, names in parts.items() if names)
