"""What a language can't say of a definition, gathered part by part, so that all of it is told at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lakehouse.errors import DefinitionError
from lakehouse.pipelines.declare.language.interface import UnsayableError
from lakehouse.pipelines.errors import DefinitionErrors, InexpressibleError
from lakehouse.source_location import SourceLocation

__all__ = ["Refusals"]


class Refusals:
    """Turns each refusal into an error with its table and line; ``check`` raises them together."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._errors: list[DefinitionError] = []
        self._tables: list[str] = []

    @contextmanager
    def of(
        self, part: str, table: str | None = None, location: SourceLocation | None = None
    ) -> Iterator[None]:
        """Note what a part refuses to say. Without ``table`` it belongs to the one that is being written."""
        self._tables.append(table or self._tables[-1])
        try:
            yield
        except UnsayableError as error:
            self._errors.append(
                InexpressibleError(
                    part=part,
                    table=self._tables[-1],
                    language=self._language,
                    reason=error.reason,
                    fix=error.fix,
                    location=location,
                )
            )
        finally:
            self._tables.pop()

    def check(self) -> None:
        """Raise DefinitionErrors where anything was refused."""
        if self._errors:
            raise DefinitionErrors(self._errors)
