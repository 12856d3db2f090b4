"""What the parts of a definition ask of a language that they are written in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from lakehouse.words import Words, stated_fields

__all__ = ["Call", "Language", "UnsayableError", "names_and_types", "written_fields"]


class UnsayableError(Exception):
    """A language has no words for a part of a definition; whoever writes the definition says which part it is."""

    def __init__(self, reason: str, *, fix: str) -> None:
        self.reason = reason
        self.fix = fix
        super().__init__(reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call in Python: of a function that begins a flow, or of a method that goes on from one."""

    name: str
    arguments: Sequence[Any] = ()
    named: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, name: str, given: Mapping[str, Any], *first: str) -> Call:
        """Return a call with arguments by name; those that come ``first`` need no name, where they are given."""
        there = [key for key in first if key in given]
        rest = {key: value for key, value in given.items() if key not in there}
        return cls(name=name, arguments=tuple(given[key] for key in there), named=rest)


class Language(Protocol):
    """Says what the parts of a definition hold. Each of its methods raises UnsayableError."""

    def value(self, given: Any) -> Any:
        """Return a value as the language has it: a text, a number, a list, a mapping, or code where it has any."""

    def function(self, given: Any) -> Any:
        """Return what names a function that can be imported."""

    def flow(self, source: Any, steps: Sequence[Any]) -> Any:
        """Return what names a flow that another flow reads beside its own input."""

    def choice(self, words: Words, given: Any) -> Any:
        """Return one of several kinds of objects, with its fields."""

    def thing(self, given: Any) -> Any:
        """Return an object of the only kind that can stand there, with its fields."""

    def word(self, words: Words, given: object) -> str:
        """Return the word of an object's class; the module that adds it will be known where the words are read."""


def written_fields(given: Any, language: Language) -> dict[str, Any]:
    """Return what is declared of a part by the names of its fields: what most parts say of themselves."""
    return {name: language.value(value) for name, value in stated_fields(given).items()}


def names_and_types(columns: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Return columns as people write them. Raises UnsayableError where one name is there twice."""
    if len(dict(columns)) < len(columns):
        raise UnsayableError("a column is named twice", fix="name each column once.")
    return dict(columns)
