"""The words that a definition is written in: each names a class, and a class from outside adds its own."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, ClassVar, Protocol, TypeVar

from lakehouse.errors import DefinitionError, did_you_mean

__all__ = ["DuplicateWordError", "HasWords", "UnknownWordError", "Words", "stated_fields", "word"]

T = TypeVar("T", bound="HasWords")


class Words(Mapping[str, Any]):
    """The words of one kind, such as steps, each with its class."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._classes: dict[str, type] = {}

    def __getitem__(self, name: str) -> Any:
        try:
            return self._classes[name]
        except KeyError:
            raise UnknownWordError(kind=self._kind, word=name, known=self._classes) from None

    def __contains__(self, name: object) -> bool:
        return name in self._classes

    def __iter__(self) -> Iterator[str]:
        return iter(self._classes)

    def __len__(self) -> int:
        return len(self._classes)

    def word_of(self, given: object) -> str | None:
        """Return the word that names just the class of ``given``; None where nothing is registered for it."""
        return next((name for name, cls in self._classes.items() if cls is type(given)), None)

    def add(self, name: str, cls: type) -> None:
        """Give ``cls`` this word. Raises DuplicateWordError when another class has it."""
        held = self._classes.get(name)
        if held is not None and (held.__module__, held.__qualname__) != (cls.__module__, cls.__qualname__):
            raise DuplicateWordError(kind=self._kind, word=name, held_by=held)
        self._classes[name] = cls


class HasWords(Protocol):
    """A base class whose subclasses are known by words."""

    words: ClassVar[Words]


def word(name: str) -> Callable[[type[T]], type[T]]:
    """Give the class below its word: the method of a flow, and the key in YAML."""

    def add(cls: type[T]) -> type[T]:
        cls.words.add(name, cls)
        return cls

    return add


def stated_fields(given: Any) -> dict[str, Any]:
    """Return what is declared of a dataclass by name: its fields that are compared and differ from their default.

    Those of the class itself come before inherited ones.
    """
    stated = {}
    own = type(given).__annotations__
    for each in sorted(dataclasses.fields(given), key=lambda each: each.name not in own):
        value = getattr(given, each.name)
        default = each.default_factory() if each.default_factory is not dataclasses.MISSING else each.default
        if each.init and each.compare and value != default:
            stated[each.name] = value
    return stated


class UnknownWordError(DefinitionError, KeyError):
    """A definition uses a word that nothing is registered for."""

    def __init__(self, *, kind: str, word: str, known: Iterable[str]) -> None:
        self.word = word
        super().__init__(f"{word!r} names no {kind}.", fix=did_you_mean(word, known))

    def __str__(self) -> str:
        return DefinitionError.__str__(self)


class DuplicateWordError(DefinitionError):
    """Two classes want the same word."""

    def __init__(self, *, kind: str, word: str, held_by: type) -> None:
        self.word = word
        super().__init__(
            f"the {kind} {word!r} is {held_by.__module__}.{held_by.__qualname__} already.",
            fix="give the new class another word.",
        )
