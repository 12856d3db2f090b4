"""Why nobody can say where a column comes from."""

from __future__ import annotations

from collections.abc import Iterable

from lakehouse.errors import ConfigurationError, DefinitionError, did_you_mean

__all__ = ["LineageUnavailableError", "UnknownOriginError"]


class LineageUnavailableError(ConfigurationError):
    """The session shows no plans."""

    def __init__(self) -> None:
        super().__init__(
            "a session of Spark Connect does not show the plans that lineage is read from.",
            fix="ask once in an environment whose Spark runs in this process (spark.master: local[*]).",
        )


class UnknownOriginError(DefinitionError):
    """Somebody asks for a table or a column that the pipeline does not have."""

    def __init__(self, *, name: str, known: Iterable[str]) -> None:
        self.name = name
        super().__init__(
            f"{name!r} is neither a table nor a column of the pipeline.", fix=did_you_mean(name, known)
        )
