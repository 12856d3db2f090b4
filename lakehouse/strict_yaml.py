"""Read a YAML file into dataclasses. Everything that they don't declare is an error with its line.

The types to read into are frozen dataclasses; a union of them is told apart by a field whose type is a
``Literal`` (``kind: Literal["s3"]``). Anchors and duplicate keys are refused: what a reader of the file sees
is what is read. Knows nothing of Spark, settings or pipelines.
"""

from __future__ import annotations

import dataclasses
import functools
import operator
import re
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar, Union, get_args, get_origin

import msgspec
import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from lakehouse.errors import ConfigurationError, LakehouseError, did_you_mean

__all__ = ["ParsedYaml", "YamlError", "YamlPath", "YamlProblem", "parse_yaml", "read_yaml"]

_WORDS: Mapping[Any, str] = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    list: "a list",
    tuple: "a list",
    Sequence: "a list",
    Literal: "",
}
"""How people call what a type takes; choices are named one by one."""

T = TypeVar("T")
YamlPath = tuple[str | int, ...]
"""Where a value stands: keys and list positions from the top, ``("spark", "conf")``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class YamlProblem:
    """One thing that is wrong, and where."""

    line: int
    """From 1."""
    message: str


class YamlError(ConfigurationError):
    """A YAML file differs from what its type declares; names every problem at once."""

    def __init__(self, *, file: str, problems: Sequence[YamlProblem]) -> None:
        self.file = file
        self.problems = tuple(problems)
        super().__init__("\n".join(f"{file}:{problem.line}: {problem.message}" for problem in problems))


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedYaml(Generic[T]):
    """What the file says, and the line on which it says each part."""

    value: T
    lines: Mapping[YamlPath, int]


def read_yaml(
    path: Path, as_type: type[T], *, only_known_keys: bool = False, stand_in: re.Pattern[str] | None = None
) -> ParsedYaml[T]:
    """Read the file as ``as_type``. Raises ``YamlError``.

    With ``only_known_keys`` the file's other keys at the top are left to a later reading. A text that matches
    ``stand_in`` is taken as it is in place of any value, and of a list of values.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise YamlError(
            file=str(path), problems=[YamlProblem(line=1, message=f"can't be read: {error}.")]
        ) from error
    return parse_yaml(text, as_type, file=str(path), only_known_keys=only_known_keys, stand_in=stand_in)


def parse_yaml(
    text: str,
    as_type: type[T],
    *,
    file: str,
    only_known_keys: bool = False,
    stand_in: re.Pattern[str] | None = None,
) -> ParsedYaml[T]:
    """Read the text as ``as_type``; ``file`` is its name in messages. Raises ``YamlError``."""
    try:
        loader = _Loader(text)
        document = loader.get_single_node()
    except yaml.YAMLError as error:
        raise YamlError(file=file, problems=[_syntax_problem(error)]) from error
    reader = _Reader(loader, only_known_keys=only_known_keys, stand_in=stand_in)
    node = document if document is not None else MappingNode("tag:yaml.org,2002:map", [], *_start_of_file())
    value = reader.read(node, as_type, ())
    if reader.problems:
        raise YamlError(file=file, problems=sorted(reader.problems, key=lambda problem: problem.line))
    return ParsedYaml(value=value, lines=reader.lines)


class _Loader(yaml.SafeLoader):
    """The safe loader, without anchors: an alias can repeat a whole tree, and hides where a value stands."""

    def compose_node(self, parent: Node | None, index: int) -> Node | None:
        if self.check_event(yaml.events.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem="aliases (*name) are not read", problem_mark=mark)
        return super().compose_node(parent, index)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
"""Those of YAML less dates: ``2024-01-31`` is a text, which a type that asks for a date reads."""


class _Reader:
    """Walks nodes and types side by side, and collects problems instead of stopping at the first."""

    def __init__(
        self, loader: yaml.SafeLoader, *, only_known_keys: bool, stand_in: re.Pattern[str] | None
    ) -> None:
        self._loader = loader
        self._stand_in = stand_in
        self._only_known_keys = only_known_keys
        self.problems: list[YamlProblem] = []
        self.lines: dict[YamlPath, int] = {}

    def read(self, node: Node, as_type: Any, path: YamlPath) -> Any:
        """Return the value, or None after noting a problem."""
        self.lines.setdefault(path, _line(node))
        origin = get_origin(as_type)
        if origin in (Union, types.UnionType):
            return self._read_union(node, get_args(as_type), path)
        if dataclasses.is_dataclass(as_type):
            return self._read_dataclass(node, typing.cast(type, as_type), path)
        if origin in (tuple, list, Sequence):
            return self._read_sequence(node, get_args(as_type)[0], path)
        if origin in (dict, Mapping):
            return self._read_mapping(node, get_args(as_type)[1], path)
        return self._read_plain(node, as_type)

    def _read_union(self, node: Node, members: Sequence[Any], path: YamlPath) -> Any:
        candidates = [member for member in members if _fits(node, member)]
        if len(candidates) == 1:
            return self.read(node, candidates[0], path)
        if candidates and all(dataclasses.is_dataclass(member) for member in candidates):
            return self._read_tagged(node, candidates, path)
        return self._read_plain(node, functools.reduce(operator.or_, members))

    def _read_tagged(self, node: Node, members: Sequence[Any], path: YamlPath) -> Any:
        tag = next(name for name, hint in _hints(members[0]).items() if get_origin(hint) is Literal)
        by_value = {value: member for member in members for value in get_args(_hints(member)[tag])}
        keys = {key.value: value for key, value in node.value if isinstance(key, ScalarNode)}
        if tag not in keys:
            return self._note(node, f"{tag!r} is missing. Fix: add {tag}: {' | '.join(sorted(by_value))}.")
        given = str(keys[tag].value)
        if given not in by_value:
            return self._note(keys[tag], f"{tag} is {given!r}. Fix: {did_you_mean(given, by_value)}")
        return self.read(node, by_value[given], path)

    def _read_dataclass(self, node: Node, as_type: type, path: YamlPath) -> Any:
        if not isinstance(node, MappingNode):
            return self._note(node, f"expected keys and values, got {_kind(node)}.")
        before = len(self.problems)
        hints = _hints(as_type)
        values = {}
        for key, value in self._pairs(node, path):
            if key in hints:
                values[key] = self.read(value, hints[key], (*path, key))
            elif path or not self._only_known_keys:
                line = self.lines[(*path, key)]
                self._note_at(line, f"unknown key {key!r}. Fix: {did_you_mean(key, hints)}")
        for key in _required_keys(as_type):
            if key not in values:
                self._note(node, f"the key {key!r} is missing. Fix: add it.")
        return self._built(node, as_type, values) if len(self.problems) == before else None

    def _built(self, node: Node, as_type: type, values: Mapping[str, Any]) -> Any:
        try:
            return as_type(**values)
        except LakehouseError as error:
            return self._note(node, str(error))

    def _stands_in(self, node: Node) -> bool:
        if self._stand_in is None or not isinstance(node, ScalarNode):
            return False
        return self._stand_in.fullmatch(node.value) is not None

    def _read_sequence(self, node: Node, item_type: Any, path: YamlPath) -> Any:
        if self._stands_in(node) and not dataclasses.is_dataclass(item_type):
            return (node.value,)
        if not isinstance(node, SequenceNode):
            return self._note(node, f"expected a list, got {_kind(node)}.")
        return tuple(self.read(item, item_type, (*path, index)) for index, item in enumerate(node.value))

    def _read_mapping(self, node: Node, value_type: Any, path: YamlPath) -> Any:
        if not isinstance(node, MappingNode):
            return self._note(node, f"expected keys and values, got {_kind(node)}.")
        return {key: self.read(value, value_type, (*path, key)) for key, value in self._pairs(node, path)}

    def _pairs(self, node: MappingNode, path: YamlPath) -> list[tuple[str, Node]]:
        """Return keys and values in order; a key that is not plain text, or comes twice, is noted."""
        found: dict[str, Node] = {}
        for key, value in node.value:
            if not isinstance(key, ScalarNode):
                self._note(key, "a key must be plain text.")
            elif key.value in found:
                self._note(key, f"the key {key.value!r} is here twice. Fix: remove one.")
            else:
                found[key.value] = value
                self.lines[(*path, key.value)] = _line(key)
        return list(found.items())

    def _read_plain(self, node: Node, as_type: Any) -> Any:
        if self._stands_in(node):
            return node.value
        try:
            value = self._loader.construct_object(node, deep=True)
            return msgspec.convert(value, as_type, strict=True)
        except msgspec.ValidationError:
            return self._note(
                node, f"expected {_in_words(as_type)}, got {_kind(node)}. Fix: {_fix(node, as_type)}"
            )
        except (yaml.YAMLError, ValueError) as error:
            return self._note(node, f"{_sentence(error)} Fix: write {_in_words(as_type)}.")

    def _note(self, node: Node, message: str) -> None:
        self._note_at(_line(node), message)

    def _note_at(self, line: int, message: str) -> None:
        self.problems.append(YamlProblem(line=line, message=message))


def _hints(as_type: Any) -> dict[str, Any]:
    return typing.get_type_hints(as_type)


def _is_required(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _required_keys(as_type: Any) -> Sequence[str]:
    return [field.name for field in dataclasses.fields(as_type) if _is_required(field)]


def _fits(node: Node, member: Any) -> bool:
    """Say whether node and type have the same shape: null, keys, list or single value."""
    if isinstance(node, ScalarNode) and node.tag == "tag:yaml.org,2002:null":
        return member is type(None)
    if isinstance(node, MappingNode):
        return dataclasses.is_dataclass(member) or get_origin(member) in (dict, Mapping)
    is_list = get_origin(member) in (tuple, list, Sequence)
    if isinstance(node, SequenceNode):
        return is_list
    has_parts = is_list or dataclasses.is_dataclass(member) or get_origin(member) in (dict, Mapping)
    return not has_parts and member is not type(None)


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1


def _kind(node: Node) -> str:
    if isinstance(node, ScalarNode):
        return f"the value {node.value!r}" if node.value else "nothing"
    return "a list" if isinstance(node, SequenceNode) else "keys and values"


def _in_words(as_type: Any) -> str:
    """Return what a type takes, as people say it."""
    words = [_WORDS.get(get_origin(each) or each, "keys and values") for each in _members(as_type)]
    choices = [repr(value) for each in _members(as_type) for value in _choices(each)]
    known = dict.fromkeys(word for word in words if word)
    return " or ".join([*known, *([f"one of {', '.join(choices)}"] if choices else [])])


def _fix(node: Node, as_type: Any) -> str:
    choices = [str(value) for each in _members(as_type) for value in _choices(each)]
    if choices and isinstance(node, ScalarNode):
        return did_you_mean(node.value, choices)
    if as_type is str and isinstance(node, ScalarNode):
        return "put it in quotes."
    keys = [_required_keys(each) for each in _members(as_type) if dataclasses.is_dataclass(each)]
    if len(keys) == 1 and len(keys[0]) == 1 and isinstance(node, ScalarNode):
        return f"write {{{keys[0][0]}: {node.value}}}."
    return f"write {_in_words(as_type)}."


def _members(as_type: Any) -> Sequence[Any]:
    found = get_args(as_type) if get_origin(as_type) in (Union, types.UnionType) else (as_type,)
    return [each for each in found if each is not type(None)]


def _choices(as_type: Any) -> Sequence[Any]:
    return get_args(as_type) if get_origin(as_type) is Literal else ()


def _sentence(error: Exception) -> str:
    text = str(error).splitlines()[0].replace("`", "'")
    return f"{text[:1].lower()}{text[1:]}."


def _start_of_file() -> tuple[yaml.Mark, yaml.Mark]:
    mark = yaml.Mark("", 0, 0, 0, None, 0)
    return mark, mark


def _syntax_problem(error: yaml.YAMLError) -> YamlProblem:
    mark = getattr(error, "problem_mark", None)
    reason = getattr(error, "problem", None) or str(error).splitlines()[0]
    fix = "indent with blanks." if "\\t" in reason else "correct this line, or the one before."
    return YamlProblem(
        line=mark.line + 1 if mark else 1, message=f"not readable as YAML: {reason}. Fix: {fix}"
    )
