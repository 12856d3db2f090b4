"""Write a definition as YAML, which reads back as the same definition; what YAML has no words for is refused."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from enum import Enum
from itertools import pairwise
from typing import Any

import yaml

from lakehouse.pipelines.declare.beginnings import begin
from lakehouse.pipelines.declare.definition import PipelineDefinition, TableDefinition
from lakehouse.pipelines.declare.flow import Flow
from lakehouse.pipelines.declare.language import (
    Refusals,
    UnsayableError,
    importable_name,
    named_module,
    sayable_word,
)
from lakehouse.pipelines.declare.rules import CONDITION_WORDS, FlowRule
from lakehouse.pipelines.declare.sources import Source
from lakehouse.pipelines.declare.steps import Step
from lakehouse.pipelines.declare.write_modes import WriteMode
from lakehouse.words import Words, stated_fields

__all__ = ["write_yaml_definition"]

_WIDTH = 110


def write_yaml_definition(definition: PipelineDefinition) -> str:
    """Return the definition in YAML. Raises DefinitionErrors with all that YAML can't say, and the lines of it."""
    return yaml.dump(
        _Writer(definition).document(),
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=None,
        width=_WIDTH,
    )


class _Writer:
    """Asks each part what it is in YAML, and answers their questions (a Language)."""

    def __init__(self, definition: PipelineDefinition) -> None:
        self._definition = definition
        self._refusals = Refusals("YAML")
        self._flows: dict[str, Any] = {}
        self._extensions: dict[str, None] = {}

    def document(self) -> dict[str, Any]:
        """Return all that the file says."""
        given = self._definition
        with self._refusals.of("the pipeline", given.name):
            variables = {each.name: each.to_yaml(self) for each in given.variables}
        views = [{"name": view.name, "flow": self._flow(view.flow, view.name)} for view in given.views]
        tables = [self._table(table) for table in given.tables]
        self._refusals.check()
        said = {
            "name": given.name,
            "extensions": list(self._extensions),
            "variables": variables,
            "flows": self._flows,
            "views": views,
        }
        return {**{key: value for key, value in said.items() if value}, "tables": tables}

    # What parts ask

    def value(self, given: Any) -> Any:
        match given:
            case Enum():
                return given.value
            case None | str() | bool() | int() | float():
                return given
            case list() | tuple():
                return [self.value(each) for each in given]
            case Mapping():
                return {str(key): self.value(value) for key, value in given.items()}
            case dt.date():
                raise UnsayableError(f"{given!r} is no text", fix=f"write it as text: {str(given)!r}.")
            case _ if callable(given):
                name = getattr(given, "__name__", repr(given))
                raise UnsayableError(f"{name} is code", fix="write the condition as SQL text.")
            case _:
                reason = f"{given!r} is of the type {type(given).__name__}"
                raise UnsayableError(reason, fix="write it as a text or a number.")

    def function(self, given: Any) -> str:
        return ":".join(importable_name(given))

    def flow(self, source: Source, steps: Sequence[Step]) -> str:
        said = self._steps(source, steps)
        name = base = _plain_name(source.whole_table or type(source).__name__)
        number = 1
        while self._flows.get(name, said) != said:
            number += 1
            name = f"{base}_{number}"
        self._flows[name] = said
        return name

    def choice(self, words: Words, given: Any) -> Any:
        fields = self.thing(given)
        word = self.word(words, given)
        return {word: fields} if fields else word

    def thing(self, given: Any) -> Any:
        return {name: self.value(value) for name, value in stated_fields(given).items()}

    def word(self, words: Words, given: object) -> str:
        word = sayable_word(words, given)
        module = type(given).__module__
        if not module.startswith("lakehouse."):
            named_module(module, what=f"the word {word!r}")
            self._extensions[module] = None
        return word

    # The parts in their places

    def _table(self, table: TableDefinition) -> dict[str, Any]:
        said: dict[str, Any] = {"name": table.name, "layer": table.layer}
        with self._refusals.of("an option", table.name, table.location):
            if options := table.options.to_yaml(self):
                said["options"] = options
        said["flow"] = self._flow(table.flow, table.name)
        mode = table.flow.write_mode
        if mode is not None and mode != begin(table.flow.source).write_mode:
            with self._refusals.of(mode.name, table.name, table.location):
                fields, word = mode.to_yaml(self), self.word(WriteMode.words, mode)
                said["write"] = word if fields == {} else {word: fields}
        return said

    def _flow(self, flow: Flow, table: str) -> dict[str, Any]:
        said = self._steps(flow.source, flow.steps, table)
        return {**said, **self._rules(flow.rules, table)}

    def _steps(self, source: Source, steps: Sequence[Step], table: str | None = None) -> dict[str, Any]:
        """Return a flow without rules; without ``table`` it belongs to a part that is being written."""
        query = steps[0].query_from(source) if steps else None
        if query is not None:
            said: dict[str, Any] = {"sql": query}
            steps = steps[1:]
        else:
            said = {}
            with self._refusals.of(source.label, table, source.location):
                said = {self.word(Source.words, source): source.to_yaml(self)}
        written = []
        for step in steps:
            with self._refusals.of(step.label, table, step.location):
                written.append({self.word(Step.words, step): step.to_yaml(self)})
        return {**said, "steps": written} if written else said

    def _rules(self, rules: Sequence[FlowRule], table: str) -> dict[str, Any]:
        short = self._short_rules(rules)
        said: dict[str, Any] = {}
        for word, rule, condition in short:
            said.setdefault(word, {})[rule.name] = condition
        more = []
        for rule in rules[len(short) :]:
            with self._refusals.of(f"the rule {rule.name!r}", table, rule.location):
                more.append({self.word(FlowRule.words, rule): rule.to_yaml(self)})
        return {**said, "rules": more} if more else said

    def _short_rules(self, rules: Sequence[FlowRule]) -> list[tuple[str, FlowRule, Any]]:
        """Return the rules that stand under ``expect`` and its like: those that are read before all others there."""
        words = list(CONDITION_WORDS)
        actions = list(CONDITION_WORDS.values())
        found: list[tuple[str, FlowRule, Any]] = []
        for rule in rules:
            try:
                condition = rule.as_condition(self)
            except UnsayableError:
                break  # it is asked again, and refuses with its line
            if condition is None or rule.action not in actions:
                break
            found.append((words[actions.index(rule.action)], rule, condition))
        order = [words.index(word) for word, _, _ in found]
        names = {(word, rule.name) for word, rule, _ in found}
        in_order = all(one <= other for one, other in pairwise(order)) and len(names) == len(found)
        return found if in_order else []


def _plain_name(text: str) -> str:
    return text.replace("/", "_").replace(".", "_").strip("_") or "rows"


class _Dumper(yaml.SafeDumper):
    """Texts of several lines stand as blocks; nothing is written as a reference to another place."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = None
    if not text.isprintable():
        style = "|" if text.replace("\n", "").isprintable() else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)
