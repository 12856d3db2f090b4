"""Values for ``${variables}``: where they come from, their types, and how they stand in a declaration's texts."""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

from lakehouse.masking import hide
from lakehouse.pipelines.declare.language import Call, Language
from lakehouse.pipelines.errors import InvalidVariableError, MissingVariableError, UnknownVariableError
from lakehouse.source_location import SourceLocation

__all__ = ["VARIABLE_ALONE", "Variable", "VariableType", "fill_variables", "values_of"]

VariableType = Literal["text", "int", "float", "bool", "date", "list"]
Value = str | int | float | bool | dt.date | tuple[str, ...] | tuple[int, ...]

_VARIABLE = re.compile(r"\$(?P<escaped>\$)?\{(?P<name>\w+)\}")
VARIABLE_ALONE = re.compile(r"\$\{(?P<name>\w+)\}")
"""A text that is nothing but a variable."""
_WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """A value that may differ from run to run, such as a folder or a day.

    The value of a run is what is set for it, else that of ``source``, else ``default``.
    """

    name: str
    default: Any = None
    type: VariableType = "text"
    source: str | None = None
    """``env:NAME``, an environment variable, or ``file:/path``, a file with nothing else in it."""
    secret: bool = False
    """Whether the value is left out of all that is shown and recorded."""
    location: SourceLocation | None = field(default=None, compare=False)

    @classmethod
    def of(
        cls,
        name: str,
        default: Any,
        type_: VariableType | None,
        source: str | None,
        secret: bool | None,
        location: SourceLocation | None,
    ) -> Variable:
        """Return a variable; its type is the default's where none is given, and a file's value is secret."""
        hides = _hides(source) if secret is None else secret
        kept = tuple(default) if isinstance(default, list) else default
        if type_ == "date" and isinstance(default, str):
            kept = _date_or_text(default)
        elif type_ not in ("date", None) and isinstance(default, dt.date):
            kept = default.isoformat()
        return cls(
            name=name,
            default=kept,
            type=type_ or _type_of(default),
            source=source,
            secret=hides,
            location=location,
        )

    def to_yaml(self, language: Language) -> Any:
        """Return what stands in YAML behind its name: the default alone, where that says all."""
        said = self.stated()
        if said.keys() == {"default"} and not isinstance(self.default, dt.date):
            return language.value(said["default"])
        if isinstance(self.default, dt.date):
            said |= {"default": self.default.isoformat(), "type": self.type}
        return {name: language.value(value) for name, value in said.items()}

    def to_python(self, language: Language) -> Call:
        """Return the builder's call that declares it."""
        said = {name: language.value(value) for name, value in self.stated().items()}
        return Call(name="variable", arguments=(self.name,), named=said)

    def stated(self) -> dict[str, Any]:
        """Return what is declared of it beside its name, without what follows from the rest."""
        said = {"default": self.default, "type": self.type, "source": self.source, "secret": self.secret}
        if self.type == _type_of(self.default):
            del said["type"]
        if self.secret == _hides(self.source):
            del said["secret"]
        if isinstance(self.default, tuple):
            said["default"] = list(self.default)
        return {name: value for name, value in said.items() if value is not None}

    def value(self, given: Any = None) -> Value:
        """Return the value of a run. Raises InvalidVariableError and MissingVariableError."""
        if self.type not in get_args(VariableType):
            expected = f"a type among {', '.join(get_args(VariableType))}"
            raise InvalidVariableError(
                variable=self.name, value=self.type, expected=expected, location=self.location
            )
        found = next((each for each in (given, self._found(), self.default) if each is not None), None)
        if found is None:
            raise MissingVariableError(variable=self.name, source=self.source, location=self.location)
        if self.secret:
            hide(str(found))
        try:
            value: Value = _READERS[self.type](found)
        except (ValueError, TypeError):
            raise InvalidVariableError(
                variable=self.name, value=found, expected=_EXPECTED[self.type], location=self.location
            ) from None
        return value

    def _found(self) -> str | None:
        if self.source is None:
            return None
        kind, _, name = self.source.partition(":")
        if kind not in ("env", "file") or not name:
            expected = "a source such as env:NAME or file:/path"
            raise InvalidVariableError(
                variable=self.name, value=self.source, expected=expected, location=self.location
            )
        if kind == "env":
            return os.environ.get(name)
        try:
            return Path(name).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            return None


def values_of(variables: Sequence[Variable], given: Mapping[str, Any]) -> dict[str, Value]:
    """Return the value of each variable in a run. Raises UnknownVariableError, and what ``Variable.value`` raises."""
    known = {variable.name: variable for variable in variables}
    for name in given:
        if name not in known:
            raise UnknownVariableError(variable=name, known=known)
    return {name: variable.value(given.get(name)) for name, variable in known.items()}


def fill_variables(declared: T, values: Mapping[str, Value], *, location: SourceLocation) -> T:
    """Return what is declared with ``${name}`` replaced in all its texts, however deep they stand.

    In a text a list stands as SQL writes its values, ``'a', 'b'``. A text that is nothing but a variable becomes its
    value where something else than a text is asked for, and the values of a list stand in its place in another list.
    ``$${name}`` is the text ``${name}``. A part that has a line of its own gives it to the error.
    Raises UnknownVariableError.
    """
    filled: T = _filled(declared, values, location)
    return filled


def _filled(part: Any, values: Mapping[str, Value], location: SourceLocation, *, as_text: bool = True) -> Any:
    if type(part) is str:  # not an enumeration of texts, whose member must stay that member
        if not as_text and (alone := VARIABLE_ALONE.fullmatch(part)):
            return _value(alone["name"], values, location)
        return _VARIABLE.sub(lambda match: _text(match, values, location), part)
    if isinstance(part, tuple | list):
        return type(part)(_filled_items(part, values, location))
    if isinstance(part, dict):
        return {key: _filled(value, values, location) for key, value in part.items()}
    if dataclasses.is_dataclass(part) and not isinstance(part, type | SourceLocation):
        own = _location_of(part, location)
        changes = {}
        for each in dataclasses.fields(part):
            value = getattr(part, each.name)
            if each.init and (changed := _filled(value, values, own, as_text=_is_text(each))) is not value:
                changes[each.name] = changed
        return dataclasses.replace(part, **changes) if changes else part
    return part


def _filled_items(part: Sequence[Any], values: Mapping[str, Value], location: SourceLocation) -> list[Any]:
    items: list[Any] = []
    for each in part:
        alone = VARIABLE_ALONE.fullmatch(each) if type(each) is str else None
        value = _value(alone["name"], values, location) if alone else None
        if isinstance(value, tuple):
            items += value
        else:
            items.append(_filled(each, values, location))
    return items


def _is_text(declared: dataclasses.Field[Any]) -> bool:
    """Say whether a field takes texts, or else values of which a text is one spelling."""
    if not isinstance(declared.type, str):
        return declared.type is str
    return not re.search(r"\b(int|float|bool|Value)\b", declared.type)


def _location_of(part: Any, default: SourceLocation) -> SourceLocation:
    """Return the line of a part that has one of its own.

    The fields say so, and not ``getattr`` with a default: a flow looks every unknown name up among its words.
    """
    has_one = "location" in {each.name for each in dataclasses.fields(part)}
    location: SourceLocation | None = part.location if has_one else None
    return location or default


def _text(match: re.Match[str], values: Mapping[str, Value], location: SourceLocation) -> str:
    if match["escaped"]:
        return f"${{{match['name']}}}"
    return _as_text(_value(match["name"], values, location))


def _value(name: str, values: Mapping[str, Value], location: SourceLocation) -> Value:
    if name not in values:
        raise UnknownVariableError(variable=name, known=values, location=location)
    return values[name]


def _as_text(value: Value) -> str:
    if isinstance(value, tuple):
        return ", ".join(_literal(each) for each in value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _literal(value: str | int) -> str:
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace("'", "\\'")
        return f"'{escaped}'"
    return str(value)


def _type_of(default: Any) -> VariableType:
    match default:
        case bool():
            return "bool"
        case int():
            return "int"
        case float():
            return "float"
        case dt.date():
            return "date"
        case list() | tuple():
            return "list"
        case _:
            return "text"


def _hides(source: str | None) -> bool:
    return (source or "").startswith("file:")


def _date_or_text(given: str) -> dt.date | str:
    try:
        return dt.date.fromisoformat(given)
    except ValueError:
        return given  # ``value`` says what is wrong with it


def _read_bool(given: Any) -> bool:
    if isinstance(given, bool):
        return given
    if (word := str(given).lower()) not in _WORDS:
        raise ValueError(given)
    return _WORDS[word]


def _read_int(given: Any) -> int:
    if isinstance(given, bool | float):
        raise TypeError(given)
    return int(given)


def _read_date(given: Any) -> dt.date:
    return given if isinstance(given, dt.date) else dt.date.fromisoformat(str(given))


def _read_list(given: Any) -> tuple[Any, ...]:
    if isinstance(given, str):
        return tuple(each.strip() for each in given.split(",") if each.strip())
    return tuple(given)


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "text": str,
    "int": _read_int,
    "float": float,
    "bool": _read_bool,
    "date": _read_date,
    "list": _read_list,
}
_EXPECTED: Mapping[str, str] = {
    "text": "a text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "date": "a date such as 2024-01-31",
    "list": "values with commas between them",
}
