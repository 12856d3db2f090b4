"""Write a definition as a script; what a script can't name, such as a lambda, is refused."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import Enum
from typing import Any

from lakehouse.pipelines.declare.beginnings import begin
from lakehouse.pipelines.declare.definition import PipelineDefinition, TableDefinition
from lakehouse.pipelines.declare.flow import Flow
from lakehouse.pipelines.declare.language import (
    Call,
    Refusals,
    UnsayableError,
    importable_name,
    named_module,
    sayable_word,
)
from lakehouse.pipelines.declare.python.imports import Imports
from lakehouse.pipelines.declare.python.layout import Chain, Code, laid_out
from lakehouse.pipelines.declare.sources import Source
from lakehouse.pipelines.declare.steps import Step
from lakehouse.words import Words, stated_fields

__all__ = ["write_python_definition"]

_LAYERS = ("bronze", "silver", "gold")
"""Those that a builder has a method for."""
_FACE = "lakehouse.pipelines"


def write_python_definition(definition: PipelineDefinition) -> str:
    """Return a script that builds the definition. Raises DefinitionErrors with all that can't be written so."""
    return _Writer(definition).script()


class _Writer:
    """Asks each part for its call, and answers their questions (a Language)."""

    def __init__(self, definition: PipelineDefinition) -> None:
        self._definition = definition
        self._refusals = Refusals("Python")
        self._imports = Imports()

    def script(self) -> str:
        """Return the whole script."""
        given = self._definition
        builder = self._named(Call(name="DeclarativePipelineBuilder", arguments=(given.name,)))
        calls = [builder]
        with self._refusals.of("the pipeline", given.name):
            calls += [each.to_python(self) for each in given.variables]
        for view in given.views:
            flow = self._flow(view.flow, view.name)
            calls.append(Call(name="view", arguments=(view.name, flow)))
        calls += [self._table(table) for table in given.tables]
        self._refusals.check()
        pipeline = laid_out(Chain([*calls, Call(name="build")]), before=len("pipeline = "))
        title = f'"""The pipeline {given.name}."""' if given.name.isprintable() else '"""A pipeline."""'
        return "\n\n".join([title, self._imports.text(), f"pipeline = {pipeline}\n"])

    # What parts ask

    def value(self, given: Any) -> Any:
        match given:
            case Enum():
                return given.value
            case None | str() | bool() | int() | float():
                return given
            case list():
                return [self.value(each) for each in given]
            case tuple():
                return tuple(self.value(each) for each in given)
            case Mapping():
                return {key: self.value(value) for key, value in given.items()}
            case dt.date() | Decimal():
                module = type(given).__module__
                self._imports.add_module(module)
                return Code(repr(given) if module == "datetime" else f"decimal.{given!r}")
            case _ if callable(given):
                return self.function(given)
            case _:
                reason = f"{given!r} is of the type {type(given).__name__}"
                raise UnsayableError(reason, fix="write it as a text or a number.")

    def function(self, given: Any) -> Code:
        module, name = importable_name(given)
        return Code(self._imports.add(module, name))

    def flow(self, source: Source, steps: Sequence[Step]) -> Chain:
        return self._steps(source, steps)

    def choice(self, words: Words, given: Any) -> Call:
        self.word(words, given)
        return self.thing(given)

    def thing(self, given: Any) -> Call:
        module, name = type(given).__module__, type(given).__qualname__
        fields = {each: self.value(value) for each, value in stated_fields(given).items()}
        if hasattr(given, "location"):
            fields["location"] = Call(name=self._imports.add("lakehouse.source_location", "caller_location"))
        if module.startswith("lakehouse."):
            module = ".".join(module.split(".")[:2])  # a package's face
        else:
            named_module(module, what=name)
        return Call(name=self._imports.add(module, name), named=fields)

    def word(self, words: Words, given: object) -> str:
        word = sayable_word(words, given)
        if not type(given).__module__.startswith("lakehouse."):
            named_module(type(given).__module__, what=f"the word {word!r}")
            self._imports.add_words(type(given).__module__)
        return word

    # The parts in their places

    def _table(self, table: TableDefinition) -> Call:
        flow = self._flow(table.flow, table.name)
        mode = table.flow.write_mode
        if mode is not None and mode != begin(table.flow.source).write_mode:
            with self._refusals.of(mode.name, table.name, table.location):
                flow = Chain([*flow.calls, mode.to_python(self)])
        options: dict[str, Any] = {}
        with self._refusals.of("an option", table.name, table.location):
            options = table.options.to_yaml(self)
        if table.layer in _LAYERS:
            return Call(name=table.layer, arguments=(table.name, flow), named=options)
        return Call(name="table", arguments=(table.name, flow), named={"layer": table.layer, **options})

    def _flow(self, flow: Flow, table: str) -> Chain:
        calls = list(self._steps(flow.source, flow.steps, table).calls)
        for rule in flow.rules:
            with self._refusals.of(f"the rule {rule.name!r}", table, rule.location):
                calls.append(rule.to_python(self))
        return Chain(calls)

    def _steps(self, source: Source, steps: Sequence[Step], table: str | None = None) -> Chain:
        """Return a flow without rules; without ``table`` it belongs to a part that is being written."""
        calls = []
        query = steps[0].query_from(source) if steps else None
        if query is not None:
            calls.append(self._named(Call(name="sql", arguments=(query,))))
            steps = steps[1:]
        else:
            with self._refusals.of(source.label, table, source.location):
                self.word(Source.words, source)
                calls.append(self._named(source.to_python(self)))
        for step in steps:
            with self._refusals.of(step.label, table, step.location):
                calls.append(step.to_python(self))
        return Chain(calls)

    def _named(self, call: Call) -> Call:
        """Return a call of a function of the library, with its import."""
        self._imports.add(_FACE, call.name)
        return call
