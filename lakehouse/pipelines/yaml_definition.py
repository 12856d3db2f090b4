"""A definition written in YAML: the same graph as the builder gives, each part with its file and line."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, NoReturn

from pyspark.sql import DataFrame

from lakehouse.errors import did_you_mean
from lakehouse.pipelines.definition import PipelineDefinition, TableDefinition, Variable
from lakehouse.pipelines.flow import Flow
from lakehouse.pipelines.sources import FileSource, TableSource
from lakehouse.pipelines.steps import (
    Aggregate,
    Cast,
    Deduplicate,
    Join,
    Pivot,
    Rename,
    Select,
    Sql,
    Step,
    Transform,
    Where,
)
from lakehouse.pipelines.write_modes import Append, Merge, Replace, WriteMode
from lakehouse.quality import Action, CastPolicy, Expectation
from lakehouse.source_location import SourceLocation
from lakehouse.strict_yaml import ParsedYaml, YamlError, YamlPath, YamlProblem, read_yaml

__all__ = ["read_yaml_definition"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Files:
    pattern: str
    columns: str | list[str]
    """Names, or the name of one of the file's schemas."""
    delimiter: str = ","


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    table: str
    incremental: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cast:
    schema: str | Mapping[str, str]
    on_error: Literal["quarantine", "null", "fail"] = "quarantine"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Deduplicate:
    keys: list[str] = field(default_factory=list)
    keep: Literal["any", "first", "latest"] = "any"
    order_by: str | None = None
    against_target: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class _Join:
    table: str
    on: list[str]
    how: str = "left"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Aggregate:
    by: list[str] = field(default_factory=list)
    measures: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pivot:
    column: str
    values: list[str]
    by: list[str]
    measure: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """Exactly one of these."""

    select: list[str] | None = None
    where: str | None = None
    rename: Mapping[str, str] | None = None
    cast: _Cast | None = None
    deduplicate: _Deduplicate | None = None
    join: _Join | None = None
    aggregate: _Aggregate | None = None
    pivot: _Pivot | None = None
    sql: str | None = None
    transform: str | None = None
    """``package.module:function``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Flow:
    """Begins with exactly one of ``from_files``, ``read`` and ``flow``."""

    from_files: _Files | None = None
    read: _Read | None = None
    flow: str | None = None
    """One of the file's named flows, to go on from."""
    steps: list[_Step] = field(default_factory=list)
    expect: Mapping[str, str] = field(default_factory=dict)
    expect_or_drop: Mapping[str, str] = field(default_factory=dict)
    expect_or_quarantine: Mapping[str, str] = field(default_factory=dict)
    expect_or_fail: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Write:
    """Exactly one of these."""

    append: bool | None = None
    append_evolving: bool | None = None
    replace: bool | None = None
    merge: list[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    name: str
    layer: str
    flow: _Flow
    write: _Write | Literal["append", "replace"] = "append"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pipeline:
    name: str
    tables: list[_Table]
    variables: Mapping[str, str] = field(default_factory=dict)
    schemas: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    flows: Mapping[str, _Flow] = field(default_factory=dict)


_RULES = {
    "expect": Action.WARN,
    "expect_or_drop": Action.DROP,
    "expect_or_quarantine": Action.QUARANTINE,
    "expect_or_fail": Action.FAIL,
}


def read_yaml_definition(file: Path) -> PipelineDefinition:
    """Read a definition. Raises YamlError, with file, line and a suggestion for each thing that is wrong."""
    return _Builder(str(file), read_yaml(file, _Pipeline)).definition()


class _Builder:
    """Turns what the file says into the objects that the fluent builder makes too."""

    def __init__(self, file: str, parsed: ParsedYaml[_Pipeline]) -> None:
        self._file = file
        self._parsed = parsed
        self._pipeline = parsed.value

    def definition(self) -> PipelineDefinition:
        tables = [
            TableDefinition(
                name=table.name,
                layer=table.layer,
                flow=self._table_flow(table, ("tables", number)),
                location=self._at(("tables", number)),
            )
            for number, table in enumerate(self._pipeline.tables)
        ]
        variables = [Variable(name=name, default=text) for name, text in self._pipeline.variables.items()]
        return PipelineDefinition(name=self._pipeline.name, tables=tuple(tables), variables=tuple(variables))

    def _table_flow(self, table: _Table, path: YamlPath) -> Flow:
        return self._flow(table.flow, (*path, "flow")).write(self._write_mode(table.write, (*path, "write")))

    def _flow(self, given: _Flow, path: YamlPath) -> Flow:
        flow = self._beginning(given, path)
        for number, step in enumerate(given.steps):
            flow = flow.step(self._step(step, (*path, "steps", number)))
        for key, action in _RULES.items():
            rules: Mapping[str, str] = getattr(given, key)
            for name, condition in rules.items():
                flow = flow.expectation(
                    Expectation(
                        name=name,
                        condition=condition,
                        action=action,
                        location=self._at((*path, key, name)),
                    )
                )
        return flow

    def _beginning(self, given: _Flow, path: YamlPath) -> Flow:
        kind = self._only(given, ("from_files", "read", "flow"), path)
        at = self._at((*path, kind))
        if given.from_files is not None:
            files = given.from_files
            columns = (
                tuple(self._schema(files.columns, (*path, kind, "columns")))
                if isinstance(files.columns, str)
                else tuple(files.columns)
            )
            source = FileSource(
                pattern=files.pattern, columns=columns, delimiter=files.delimiter, location=at
            )
            return Flow(source=source)
        if given.read is not None:
            read = given.read
            return Flow(source=TableSource(table=read.table, incremental=read.incremental, location=at))
        assert given.flow is not None  # noqa: S101 - one of the three is there
        named = self._named(self._pipeline.flows, given.flow, (*path, "flow"), what="flow")
        if named.flow is not None:
            self._refuse(
                (*path, "flow"), f"the flow {given.flow!r} goes on from a flow itself. Fix: begin it anew."
            )
        return self._flow(named, ("flows", given.flow))

    def _step(self, given: _Step, path: YamlPath) -> Step:
        kind = self._only(given, [each.name for each in fields(_Step)], path)
        return _STEPS[kind](self, getattr(given, kind), self._at(path), (*path, kind))

    def _cast(self, given: _Cast, at: SourceLocation, path: YamlPath) -> Step:
        schema = given.schema
        pairs = self._schema(schema, (*path, "schema")) if isinstance(schema, str) else schema
        return Cast(schema=tuple(pairs.items()), on_error=CastPolicy(given.on_error), location=at)

    def _transform(self, given: str, at: SourceLocation, path: YamlPath) -> Step:
        return Transform(function=self._function(given, path), location=at)

    def _function(self, text: str, path: YamlPath) -> Callable[[DataFrame], DataFrame]:
        module_name, colon, function_name = text.partition(":")
        if not colon:
            self._refuse(path, f"{text!r} is not package.module:function. Fix: write both, with ':' between.")
        if os.getcwd() not in sys.path:
            sys.path.insert(0, os.getcwd())  # a project's own modules lie where the command is run
        try:
            found = getattr(importlib.import_module(module_name), function_name)
        except (ImportError, AttributeError) as error:
            self._refuse(path, f"{text!r} can't be imported: {error}. Fix: check both names.")
        if not callable(found):
            self._refuse(path, f"{text!r} is no function. Fix: name one that takes and gives a DataFrame.")
        function: Callable[[DataFrame], DataFrame] = found
        return function

    def _write_mode(self, given: _Write | str, path: YamlPath) -> WriteMode:
        if isinstance(given, str):
            return Replace() if given == "replace" else Append()
        kind = self._only(given, [each.name for each in fields(_Write)], path)
        if given.merge is not None:
            return Merge(keys=tuple(given.merge))
        return Replace() if kind == "replace" else Append(evolve_schema=kind == "append_evolving")

    def _schema(self, name: str, path: YamlPath) -> Mapping[str, str]:
        schema: Mapping[str, str] = self._named(self._pipeline.schemas, name, path, what="schema")
        return schema

    def _named(self, known: Mapping[str, Any], name: str, path: YamlPath, *, what: str) -> Any:
        if name not in known:
            self._refuse(path, f"there is no {what} {name!r}. Fix: {did_you_mean(name, known)}")
        return known[name]

    def _only(self, given: object, kinds: Sequence[str], path: YamlPath) -> str:
        there = [kind for kind in kinds if getattr(given, kind) is not None]
        if len(there) != 1:
            found = " and ".join(there) or "none"
            self._refuse(path, f"exactly one is expected, found {found}. Fix: use one of {', '.join(kinds)}.")
        return there[0]

    def _at(self, path: YamlPath) -> SourceLocation:
        return SourceLocation(file=self._file, line=self._parsed.lines.get(path, 1))

    def _refuse(self, path: YamlPath, message: str) -> NoReturn:
        line = self._at(path).line
        raise YamlError(file=self._file, problems=[YamlProblem(line=line, message=message)])


_MakeStep = Callable[[_Builder, Any, SourceLocation, YamlPath], Step]

_STEPS: dict[str, _MakeStep] = {
    "select": lambda _, given, at, path: Select(columns=tuple(given), location=at),
    "where": lambda _, given, at, path: Where(condition=given, location=at),
    "rename": lambda _, given, at, path: Rename(names=tuple(given.items()), location=at),
    "cast": _Builder._cast,
    "deduplicate": lambda _, given, at, path: Deduplicate(
        keys=tuple(given.keys),
        keep=given.keep,
        order_by=given.order_by,
        against_target=given.against_target,
        location=at,
    ),
    "join": lambda _, given, at, path: Join(
        other=TableSource(table=given.table, location=at),
        other_steps=(),
        on=tuple(given.on),
        how=given.how,
        location=at,
    ),
    "aggregate": lambda _, given, at, path: Aggregate(
        by=tuple(given.by), measures=tuple(given.measures.items()), location=at
    ),
    "pivot": lambda _, given, at, path: Pivot(
        by=tuple(given.by),
        column=given.column,
        values=tuple(given.values),
        measure=given.measure,
        location=at,
    ),
    "sql": lambda _, given, at, path: Sql(query=given, location=at),
    "transform": _Builder._transform,
}
