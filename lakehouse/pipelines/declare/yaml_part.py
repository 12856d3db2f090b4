"""A part of a YAML definition while it becomes an object: its line, the file's schemas, and how to refuse it."""

from __future__ import annotations

import dataclasses
import importlib
import os
import sys
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NoReturn

from lakehouse.errors import LakehouseError, did_you_mean
from lakehouse.source_location import SourceLocation
from lakehouse.strict_yaml import YamlError, YamlPath, YamlProblem

__all__ = ["YamlPart", "field_values", "names", "own_fields"]

_NOT_IN_YAML = frozenset({"location"})


@dataclass(frozen=True, slots=True, kw_only=True)
class YamlPart:
    """One place of a file. Whatever is refused here is refused with the file and its line."""

    file: str
    lines: Mapping[YamlPath, int]
    schemas: Mapping[str, Mapping[str, str]]
    """The schemas that the file names: columns to types."""
    path: YamlPath = ()
    read_flow: Callable[[str, YamlPart], Any] | None = None
    """Returns the flow that the file calls by a name, for the part that names it; None before flows are read."""

    @property
    def location(self) -> SourceLocation:
        """The line of this part, or of the nearest part around it that has one."""
        path = self.path
        while path and path not in self.lines:
            path = path[:-1]
        return SourceLocation(file=self.file, line=self.lines.get(path, 1))

    def at(self, *keys: str | int) -> YamlPart:
        """Return the part below these keys."""
        return dataclasses.replace(self, path=(*self.path, *keys))

    def refuse(self, message: str) -> NoReturn:
        """Raise YamlError with this part's line."""
        raise YamlError(file=self.file, problems=[YamlProblem(line=self.location.line, message=message)])

    def only_key(self, given: object, keys: Sequence[str]) -> str:
        """Return the one of ``keys`` that ``given`` has; refuse any other number of them."""
        there = [key for key in keys if getattr(given, key) is not None]
        if len(there) != 1:
            found = " and ".join(there) or "none"
            self.refuse(f"exactly one is expected, found {found}. Fix: use one of {', '.join(keys)}.")
        return there[0]

    def named(self, known: Mapping[str, Any], name: str, *, what: str) -> Any:
        """Return what the file calls ``name``."""
        if name not in known:
            self.refuse(f"there is no {what} {name!r}. Fix: {did_you_mean(name, known)}")
        return known[name]

    def schema(self, given: str | Mapping[str, str]) -> Mapping[str, str]:
        """Return columns and their types: given here, or by the name of one of the file's schemas."""
        if not isinstance(given, str):
            return given
        found: Mapping[str, str] = self.named(self.schemas, given, what="schema")
        return found

    def flow(self, name: str) -> Any:
        """Return the flow that the file calls ``name``."""
        if self.read_flow is None:
            self.refuse(f"the flow {name!r} can't be used here. Fix: use it in a table.")
        return self.read_flow(name, self)

    def function(self, text: str) -> Callable[..., Any]:
        """Return the function that ``package.module:function`` names."""
        module_name, colon, function_name = text.partition(":")
        if not colon:
            self.refuse(f"{text!r} is not package.module:function. Fix: write both, with ':' between.")
        try:
            found = getattr(self._module(module_name), function_name)
        except (ImportError, AttributeError) as error:
            self.refuse(f"{text!r} can't be imported: {error}. Fix: check both names.")
        if not callable(found):
            self.refuse(f"{text!r} is not a function. Fix: name one that takes and returns a DataFrame.")
        function: Callable[..., Any] = found
        return function

    def load(self, module: str) -> None:
        """Import a module whose steps, sources, formats or write modes the file uses."""
        try:
            self._module(module)
        except ImportError as error:
            self.refuse(f"{module!r} can't be imported: {error}. Fix: check the name.")

    def make(self, cls: Callable[..., Any], options: Mapping[str, Any]) -> Any:
        """Call ``cls`` with the options; refuse what it refuses."""
        try:
            return cls(**options)
        except (TypeError, LakehouseError) as error:
            self.refuse(f"{error}. Fix: check the options.")

    def _module(self, name: str) -> Any:
        if os.getcwd() not in sys.path:
            sys.path.insert(0, os.getcwd())  # a project's own modules lie where the command is run
        return importlib.import_module(name)


def names(given: str | Sequence[str]) -> tuple[str, ...]:
    """Return several names, or the only one, which need not stand in a list."""
    return (given,) if isinstance(given, str) else tuple(given)


class _HasFields(typing.Protocol):
    __dataclass_fields__: ClassVar[dict[str, dataclasses.Field[Any]]]


def own_fields(cls: type[_HasFields]) -> type:
    """Return a dataclass of the fields that ``cls`` declares, without its line: what YAML says of it by default."""
    hints = typing.get_type_hints(cls)
    given = [
        (
            each.name,
            hints[each.name],
            dataclasses.field(default=each.default, default_factory=each.default_factory),
        )
        for each in dataclasses.fields(cls)
        if each.name not in _NOT_IN_YAML
    ]
    return dataclasses.make_dataclass(cls.__name__, given, frozen=True, kw_only=True)


def field_values(given: Any) -> dict[str, Any]:
    """Return the fields of a dataclass by name, one level deep."""
    return {each.name: getattr(given, each.name) for each in dataclasses.fields(given)}
