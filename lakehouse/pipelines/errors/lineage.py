"""Why nobody can say where a column comes from."""

from __future__ import annotations

from collections.abc import Iterable

from lakehouse.errors import DefinitionError, did_you_mean

__all__ = ["UnknownOriginError"]


class UnknownOriginError(DefinitionError):
    """Somebody asks for a table or a column that the pipeline does not have."""

    def __init__(self, *, name: str, known: Iterable[str]) -> None:
        self.name = name
        super().__init__(
            f"{name!r} is neither a table nor a column of the pipeline.", fix=did_you_mean(name, known)
        )
