"""Read a definition from YAML. What is wrong in it is refused with file, line and a suggestion."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lakehouse.errors import DefinitionError, did_you_mean
from lakehouse.pipelines.declare.beginnings import begin, begin_with_query
from lakehouse.pipelines.declare.definition import PipelineDefinition, TableDefinition
from lakehouse.pipelines.declare.flow import Flow
from lakehouse.pipelines.declare.rules import CONDITION_WORDS, ActionName, ConditionRule, FlowRule
from lakehouse.pipelines.declare.sources import Source
from lakehouse.pipelines.declare.steps import Step
from lakehouse.pipelines.declare.table_options import TableOptions
from lakehouse.pipelines.declare.variables import VARIABLE_ALONE, Variable
from lakehouse.pipelines.declare.views import ViewDefinition
from lakehouse.pipelines.declare.write_modes import WriteMode
from lakehouse.pipelines.declare.yaml.extensions import load_extensions
from lakehouse.pipelines.declare.yaml.shape import QUERIES, pipeline_shape
from lakehouse.pipelines.declare.yaml_part import YamlPart, field_values
from lakehouse.source_location import SourceLocation
from lakehouse.strict_yaml import ParsedYaml, YamlPath, read_yaml
from lakehouse.words import Words

__all__ = ["DefinitionReader", "read_yaml_definition"]


def read_yaml_definition(file: Path) -> PipelineDefinition:
    """Read a definition. Raises YamlError, with file, line and a suggestion for each thing that is wrong."""
    load_extensions(file)
    parsed: ParsedYaml[Any] = read_yaml(file, pipeline_shape(), stand_in=VARIABLE_ALONE)
    return DefinitionReader(file, parsed).definition()


class DefinitionReader:
    """Turns what the file says into the objects that the fluent builder makes too."""

    def __init__(self, file: Path, parsed: ParsedYaml[Any]) -> None:
        self._pipeline = parsed.value
        self._top = YamlPart(
            file=str(file),
            lines=parsed.lines,
            schemas=parsed.value.schemas,
            read_flow=self._named_flow,
        )
        self._being_read: list[str] = []

    @property
    def beginnings(self) -> Sequence[str]:
        """The words that a flow begins with."""
        return (*Source.words, *QUERIES, "flow")

    def part_of(self, file: str, lines: Mapping[YamlPath, int]) -> YamlPart:
        """Return another file's top, which uses the schemas and flows of this one."""
        return dataclasses.replace(self._top, file=file, lines=lines)

    def definition(self) -> PipelineDefinition:
        """Return what the file declares."""
        tables = [
            self._table(table, self._top.at("tables", number))
            for number, table in enumerate(self._pipeline.tables)
        ]
        variables = [
            self._variable(name, given, self._top.at("variables", name))
            for name, given in self._pipeline.variables.items()
        ]
        views = [
            self._view(view, self._top.at("views", number))
            for number, view in enumerate(self._pipeline.views)
        ]
        return PipelineDefinition(
            name=self._pipeline.name, tables=tuple(tables), variables=tuple(variables), views=tuple(views)
        )

    def _variable(self, name: str, given: Any, part: YamlPart) -> Variable:
        if not dataclasses.is_dataclass(given):
            return Variable.of(name, given, None, None, None, part.location)
        full = field_values(given)
        return Variable.of(name, full["default"], full["type"], full["source"], full["secret"], part.location)

    def _view(self, given: Any, part: YamlPart) -> ViewDefinition:
        return ViewDefinition(
            name=given.name, flow=self.flow(given.flow, part.at("flow")), location=part.location
        )

    def _table(self, given: Any, part: YamlPart) -> TableDefinition:
        flow = self.flow(given.flow, part.at("flow"))
        if given.write is not None:
            flow = flow.write(self.write_mode(given.write, part.at("write")))
        options = self.options(given.options)
        return TableDefinition(
            name=given.name, layer=given.layer, flow=flow, options=options, location=part.location
        )

    def options(self, given: Any) -> TableOptions:
        """Return the options of a table; None stands for those of one that declares nothing."""
        return TableOptions(**field_values(given)) if given is not None else TableOptions()

    def flow(self, given: Any, part: YamlPart, *, beginning: Flow | None = None) -> Flow:
        """Return a flow; ``beginning`` where it begins with something that stands elsewhere."""
        flow = beginning if beginning is not None else self._beginning(given, part)
        for number, step in enumerate(given.steps):
            flow = flow.step(self._declared(Step.words, step, part.at("steps", number)))
        for key, action in CONDITION_WORDS.items():
            for name, condition in getattr(given, key).items():
                flow = flow.rule(_condition_rule(name, condition, action, part.at(key, name)))
        for number, rule in enumerate(given.rules):
            flow = flow.rule(*self._declared(FlowRule.words, rule, part.at("rules", number)))
        return flow

    def _beginning(self, given: Any, part: YamlPart) -> Flow:
        kind = part.only_key(given, self.beginnings)
        if kind == "flow":
            return self._named_flow(given.flow, part.at("flow"))
        if kind in QUERIES:
            return self._query(getattr(given, kind), part.at(kind), in_file=kind == "sql_file")
        source: Source = Source.words[kind].from_yaml(getattr(given, kind), part.at(kind))
        return begin(source)

    def _query(self, given: str, part: YamlPart, *, in_file: bool) -> Flow:
        try:
            text = Path(given).read_text(encoding="utf-8") if in_file else given
        except (OSError, ValueError) as error:
            part.refuse(f"{given!r} can't be read: {error}. Fix: check the path, and that it is UTF-8.")
        return self.query(text, part.location, part)

    def query(self, text: str, location: SourceLocation, part: YamlPart) -> Flow:
        """Return the flow that begins with a query, which stands at ``location``."""
        try:
            return begin_with_query(text, location=location)
        except DefinitionError as error:
            part.refuse(str(error).partition(": ")[2])

    def _named_flow(self, name: str, part: YamlPart) -> Flow:
        named = part.named(self._pipeline.flows, name, what="flow")
        if named.flow is not None:
            part.refuse(f"the flow {name!r} goes on from a flow itself. Fix: begin it with a source.")
        if name in self._being_read:
            part.refuse(f"the flow {name!r} reads itself. Fix: name another one.")
        self._being_read.append(name)
        try:
            return self.flow(named, self._top.at("flows", name))
        finally:
            self._being_read.pop()

    def _declared(self, words: Words, given: Any, part: YamlPart) -> Any:
        kind = part.only_key(given, list(words))
        return words[kind].from_yaml(getattr(given, kind), part.at(kind))

    def write_mode(self, given: Any, part: YamlPart) -> WriteMode:
        """Return a mode, given by its word or with its fields."""
        if not isinstance(given, str):
            mode: WriteMode = self._declared(WriteMode.words, given, part)
            return mode
        if given not in WriteMode.words:
            part.refuse(f"there is no write mode {given!r}. Fix: {did_you_mean(given, WriteMode.words)}")
        plain: WriteMode = part.make(WriteMode.words[given], {})
        return plain


def _condition_rule(name: str, given: Any, action: ActionName, part: YamlPart) -> ConditionRule:
    plain = isinstance(given, str)
    return ConditionRule(
        given_name=name,
        given_condition=given if plain else given.condition,
        nulls_keep_it=False if plain else given.null_is_fine,
        at_most=None if plain else given.at_most,
        action=action,
        location=part.location,
    )
