"""A contract's document: its tables, their properties and quality items, each with the line where it stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from lakehouse.errors import DefinitionError, did_you_mean
from lakehouse.quality.expectation import RuleAction
from lakehouse.source_location import SourceLocation

__all__ = [
    "OdcsDocument",
    "OdcsProperty",
    "OdcsTable",
    "QualityItem",
    "UnreadableContractError",
    "action_in",
    "parse_odcs",
    "read_odcs",
]

_ACTION = "lakehouse.action"
_OF_ALL_ROWS = "rowCount"
"""The metric that no row breaks by itself."""
_OF_MAPPINGS = ("relationships", "customProperties", "slaProperties")
_MAPPINGS = ("logicalTypeOptions", "arguments")
_Path = tuple[str | int, ...]


class UnreadableContractError(DefinitionError):
    """A file is no data contract that can be read."""

    def __init__(self, *, file: str, line: int, reason: str, fix: str) -> None:
        self.file = file
        super().__init__(f"{file}:{line}: {reason}.", fix=fix)


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityItem:
    """One entry of ``quality``."""

    given: Mapping[str, Any]
    location: SourceLocation = field(compare=False)

    @property
    def id(self) -> str | None:
        """What the contract calls it."""
        return self.given.get("id") or self.given.get("name")

    @property
    def kind(self) -> str:
        """``library``, ``sql``, ``text`` or ``custom``."""
        return str(self.given.get("type", "library"))

    @property
    def metric(self) -> str:
        """What is counted; earlier versions of the standard call it ``rule``."""
        return str(self.given.get("metric", self.given.get("rule", "")))

    @property
    def arguments(self) -> Mapping[str, Any]:
        """What the metric needs to know; some contracts have it beside the metric."""
        return {**self.given, **(self.given.get("arguments") or {})}

    @property
    def action(self) -> str:
        """What is done to rows that break it: what the contract says, or what is usual."""
        return action_in(self.given) or ("fail" if self.metric == _OF_ALL_ROWS else "quarantine")


@dataclass(frozen=True, slots=True, kw_only=True)
class OdcsProperty:
    """A column, as the contract has it."""

    given: Mapping[str, Any]
    location: SourceLocation = field(compare=False)
    quality: tuple[QualityItem, ...] = ()

    @property
    def name(self) -> str:
        """The name in the table."""
        return str(self.given.get("physicalName") or self.given["name"])

    def is_set(self, key: str) -> bool:
        """Say whether ``required``, ``unique`` or ``primaryKey`` is."""
        return self.given.get(key) is True

    @property
    def options(self) -> Mapping[str, Any]:
        """The bounds of its logical type."""
        return self.given.get("logicalTypeOptions") or {}

    @property
    def action(self) -> str | None:
        """What is done to rows that break what the property itself asks, where the contract says so."""
        return action_in(self.given)


@dataclass(frozen=True, slots=True, kw_only=True)
class OdcsTable:
    """An object of the contract's schema."""

    given: Mapping[str, Any]
    properties: tuple[OdcsProperty, ...]
    quality: tuple[QualityItem, ...]
    location: SourceLocation = field(compare=False)

    @property
    def names(self) -> tuple[str, ...]:
        """What it may be called, its name in the store first; without what stands before the last dot."""
        given = (self.given.get("physicalName"), self.given.get("name"))
        return tuple(str(name).rpartition(".")[2] for name in given if name)

    @property
    def primary_key(self) -> tuple[str, ...]:
        """The columns of the key, in their order."""
        keys = [each for each in self.properties if each.is_set("primaryKey")]
        keys.sort(key=lambda each: each.given.get("primaryKeyPosition", -1))
        return tuple(each.name for each in keys)

    @property
    def answers(self) -> Mapping[str, str]:
        """What it says of columns and types that it doesn't have: ``lakehouse.columns``, ``lakehouse.data_type``."""
        words = ("tables", "columns", "data_type")
        custom = _custom(self.given)
        return {word: str(custom[f"lakehouse.{word}"]) for word in words if f"lakehouse.{word}" in custom}


@dataclass(frozen=True, slots=True, kw_only=True)
class OdcsDocument:
    """A whole contract."""

    file: str
    text: str = field(repr=False)
    """As it stands in the file."""
    given: Mapping[str, Any]
    tables: tuple[OdcsTable, ...]

    def table(self, name: str, *, given: str | None = None) -> OdcsTable:
        """Return the object for a table: the one that is ``given``, that has its name, or the only one."""
        for each in self.tables:
            if (given or name) in each.names:
                return each
        if given is None and len(self.tables) == 1:
            return self.tables[0]
        names = [each.names[-1] for each in self.tables]
        raise UnreadableContractError(
            file=self.file,
            line=1,
            reason=f"its schema has no object {given or name!r}",
            fix=f"{did_you_mean(given or name, names)} Say which: contract={{'file': …, 'schema': …}}.",
        )

    def service_levels(self) -> Iterator[Mapping[str, Any]]:
        """Yield what the contract promises of its service."""
        yield from self.given.get("slaProperties") or ()

    @property
    def custom(self) -> Mapping[str, Any]:
        """Its own properties, by name."""
        return _custom(self.given)


def read_odcs(file: str | Path) -> OdcsDocument:
    """Read a contract. Raises UnreadableContractError, with the line."""
    try:
        text = Path(file).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _unreadable(str(file), 1, reason) from error
    return parse_odcs(text, file=str(file))


def parse_odcs(text: str, *, file: str) -> OdcsDocument:
    """Read a contract's text; ``file`` is its name in messages. Raises UnreadableContractError, with the line."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        given = yaml.safe_load(text)
    except (ValueError, yaml.YAMLError) as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or str(error)
        raise _unreadable(file, 1 if mark is None else mark.line + 1, reason) from error
    lines: dict[_Path, int] = {}
    if node is not None:
        _note_lines(node, (), lines)
    return _Reader(file, text, lines).document(given)


def _unreadable(file: str, line: int, reason: str) -> UnreadableContractError:
    return UnreadableContractError(
        file=file, line=line, reason=f"it can't be read: {reason}", fix="check the path and the text."
    )


class _Reader:
    def __init__(self, file: str, text: str, lines: Mapping[_Path, int]) -> None:
        self._file = file
        self._text = text
        self._lines = lines

    def document(self, given: Any) -> OdcsDocument:
        self._check(isinstance(given, dict), (), "it has no keys", "begin it with kind: DataContract.")
        self._check_parts(given, ())
        if given.get("kind") != "DataContract":
            self._refuse((), f"its kind is {given.get('kind')!r}", "write kind: DataContract.")
        version = str(given.get("apiVersion", ""))
        if not version.startswith("v3."):
            self._refuse(("apiVersion",), f"its apiVersion is {version!r}", "write apiVersion: v3.1.0.")
        objects = self._list(given, "schema", ())
        tables = tuple(self._table(each, ("schema", number)) for number, each in enumerate(objects))
        return OdcsDocument(file=self._file, text=self._text, given=given, tables=tables)

    def _table(self, given: Any, path: _Path) -> OdcsTable:
        self._check_named(given, path, "an object of the schema")
        properties = self._list(given, "properties", path)
        return OdcsTable(
            given=given,
            properties=tuple(
                self._property(each, (*path, "properties", number)) for number, each in enumerate(properties)
            ),
            quality=self._quality(given, path),
            location=self._location(path),
        )

    def _property(self, given: Any, path: _Path) -> OdcsProperty:
        self._check_named(given, path, "a property")
        return OdcsProperty(given=given, quality=self._quality(given, path), location=self._location(path))

    def _quality(self, given: Mapping[str, Any], path: _Path) -> tuple[QualityItem, ...]:
        items = self._list(given, "quality", path)
        for number, each in enumerate(items):
            where = (*path, "quality", number)
            self._check(isinstance(each, dict), where, "an item of quality has no keys", "write metric: ….")
            self._check_parts(each, where)
        return tuple(
            QualityItem(given=each, location=self._location((*path, "quality", number)))
            for number, each in enumerate(items)
        )

    def _list(self, given: Mapping[str, Any], key: str, path: _Path) -> Sequence[Any]:
        found = given.get(key) or []
        self._check(isinstance(found, list), (*path, key), f"{key} is no list", f"write {key}: [- …].")
        return list(found)

    def _check_named(self, given: Any, path: _Path, what: str) -> None:
        named = isinstance(given, dict) and isinstance(given.get("name"), str)
        self._check(named, path, f"{what} has no name", "add name: ….")
        self._check_parts(given, path)

    def _check_parts(self, given: Mapping[str, Any], path: _Path) -> None:
        """Refuse lists and mappings of the standard that are something else, and actions that there are not."""
        for key in _OF_MAPPINGS:
            for number, each in enumerate(self._list(given, key, path)):
                where, fix = (*path, key, number), f"write {key}: [{{…: …}}]."
                self._check(isinstance(each, dict), where, f"an item of {key} has no keys", fix)
                self._check_parts(each, where)
        for key in _MAPPINGS:
            holds = isinstance(given.get(key) or {}, dict)
            self._check(holds, (*path, key), f"{key} has no keys", f"write {key}: {{…: …}}.")
        actions = [each.name.lower() for each in RuleAction]
        for name, action in _custom(given).items():
            holds = action in actions or not (name == _ACTION or name.startswith(f"{_ACTION}."))
            where, fix = (*path, "customProperties"), did_you_mean(str(action), actions)
            self._check(holds, where, f"there is no action {action!r}", fix)

    def _check(self, holds: bool, path: _Path, reason: str, fix: str) -> None:
        if not holds:
            self._refuse(path, reason, fix)

    def _refuse(self, path: _Path, reason: str, fix: str) -> None:
        line = self._location(path).line
        raise UnreadableContractError(file=self._file, line=line, reason=reason, fix=fix)

    def _location(self, path: _Path) -> SourceLocation:
        while path and path not in self._lines:
            path = path[:-1]
        return SourceLocation(file=self._file, line=self._lines.get(path, 1))


def action_in(given: Mapping[str, Any]) -> str | None:
    """Return the action that a part of a contract says itself: ``warn``, ``drop``, ``quarantine`` or ``fail``."""
    found: str | None = _custom(given).get(_ACTION)
    return found


def _note_lines(node: yaml.Node, path: _Path, lines: dict[_Path, int]) -> None:
    lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                _note_lines(value, (*path, key.value), lines)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            _note_lines(value, (*path, number), lines)


def _custom(given: Mapping[str, Any]) -> dict[str, Any]:
    items = given.get("customProperties") or []
    return {str(each.get("property")): each.get("value") for each in items if isinstance(each, dict)}
