"""What can be wrong when a definition is written in another language."""

from __future__ import annotations

from lakehouse.errors import DefinitionError
from lakehouse.source_location import SourceLocation

__all__ = ["DifferentDefinitionError", "InexpressibleError"]


class InexpressibleError(DefinitionError):
    """A language has no words for a part of a definition."""

    def __init__(
        self,
        *,
        part: str,
        table: str,
        language: str,
        reason: str,
        fix: str,
        location: SourceLocation | None,
    ) -> None:
        self.table = table
        self.part = part
        place = f"{location}: " if location is not None else ""
        super().__init__(f"{place}{part} of {table!r} can't be written in {language}: {reason}.", fix=fix)


class DifferentDefinitionError(DefinitionError):
    """A definition that was written reads back as another one."""

    def __init__(self, *, what: str, language: str, location: SourceLocation | None) -> None:
        place = f"{location}: " if location is not None else ""
        super().__init__(
            f"{place}{what} reads back from {language} as something else.",
            fix="where it has words of your own, give their classes to_yaml and to_python beside from_yaml.",
        )
