"""Read a definition from YAML. What is wrong in it is refused with file, line and a suggestion."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lakehouse.errors import did_you_mean
from lakehouse.pipelines.declare.definition import PipelineDefinition, TableDefinition, Variable
from lakehouse.pipelines.declare.flow import Flow, begin
from lakehouse.pipelines.declare.sources import Source
from lakehouse.pipelines.declare.steps import Step
from lakehouse.pipelines.declare.table_options import TableOptions
from lakehouse.pipelines.declare.write_modes import WriteMode
from lakehouse.pipelines.declare.yaml.extensions import load_extensions
from lakehouse.pipelines.declare.yaml.shape import RULES, pipeline_shape
from lakehouse.pipelines.declare.yaml_part import YamlPart, field_values
from lakehouse.quality import Expectation
from lakehouse.strict_yaml import ParsedYaml, read_yaml
from lakehouse.words import Words

__all__ = ["read_yaml_definition"]


def read_yaml_definition(file: Path) -> PipelineDefinition:
    """Read a definition. Raises YamlError, with file, line and a suggestion for each thing that is wrong."""
    load_extensions(file)
    parsed: ParsedYaml[Any] = read_yaml(file, pipeline_shape())
    top = YamlPart(file=str(file), lines=parsed.lines, schemas=parsed.value.schemas)
    return _Reader(parsed.value, top).definition()


class _Reader:
    """Turns what the file says into the objects that the fluent builder makes too."""

    def __init__(self, pipeline: Any, top: YamlPart) -> None:
        self._pipeline = pipeline
        self._top = top

    def definition(self) -> PipelineDefinition:
        tables = [
            self._table(table, self._top.at("tables", number))
            for number, table in enumerate(self._pipeline.tables)
        ]
        variables = [Variable(name=name, default=text) for name, text in self._pipeline.variables.items()]
        return PipelineDefinition(name=self._pipeline.name, tables=tuple(tables), variables=tuple(variables))

    def _table(self, given: Any, part: YamlPart) -> TableDefinition:
        flow = self._flow(given.flow, part.at("flow"))
        if given.write is not None:
            flow = flow.write(self._write_mode(given.write, part.at("write")))
        options = TableOptions(**field_values(given.options)) if given.options is not None else TableOptions()
        return TableDefinition(
            name=given.name, layer=given.layer, flow=flow, options=options, location=part.location
        )

    def _flow(self, given: Any, part: YamlPart) -> Flow:
        flow = self._beginning(given, part)
        for number, step in enumerate(given.steps):
            flow = flow.step(self._declared(Step.words, step, part.at("steps", number)))
        for key, action in RULES.items():
            rules: Mapping[str, str] = getattr(given, key)
            for name, condition in rules.items():
                location = part.at(key, name).location
                flow = flow.expectation(
                    Expectation(name=name, condition=condition, action=action, location=location)
                )
        return flow

    def _beginning(self, given: Any, part: YamlPart) -> Flow:
        kind = part.only_key(given, [*Source.words, "flow"])
        if kind != "flow":
            source: Source = Source.words[kind].from_yaml(getattr(given, kind), part.at(kind))
            return begin(source)
        named = part.at("flow").named(self._pipeline.flows, given.flow, what="flow")
        if named.flow is not None:
            part.at("flow").refuse(
                f"the flow {given.flow!r} goes on from a flow itself. Fix: begin it with a source."
            )
        return self._flow(named, self._top.at("flows", given.flow))

    def _declared(self, words: Words, given: Any, part: YamlPart) -> Any:
        kind = part.only_key(given, list(words))
        return words[kind].from_yaml(getattr(given, kind), part.at(kind))

    def _write_mode(self, given: Any, part: YamlPart) -> WriteMode:
        if not isinstance(given, str):
            mode: WriteMode = self._declared(WriteMode.words, given, part)
            return mode
        if given not in WriteMode.words:
            part.refuse(f"there is no write mode {given!r}. Fix: {did_you_mean(given, WriteMode.words)}")
        plain: WriteMode = part.make(WriteMode.words[given], {})
        return plain
