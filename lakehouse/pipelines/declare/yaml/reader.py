"""Read a definition from YAML. What is wrong in it is refused with file, line and a suggestion."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lakehouse.errors import DefinitionError, did_you_mean
from lakehouse.pipelines.declare.definition import PipelineDefinition, TableDefinition, Variable
from lakehouse.pipelines.declare.flow import Flow, begin, begin_with_query
from lakehouse.pipelines.declare.rules import ActionName, ConditionRule, FlowRule
from lakehouse.pipelines.declare.sources import Source
from lakehouse.pipelines.declare.steps import Step
from lakehouse.pipelines.declare.table_options import TableOptions
from lakehouse.pipelines.declare.views import ViewDefinition
from lakehouse.pipelines.declare.write_modes import WriteMode
from lakehouse.pipelines.declare.yaml.extensions import load_extensions
from lakehouse.pipelines.declare.yaml.shape import QUERIES, RULES, pipeline_shape
from lakehouse.pipelines.declare.yaml_part import YamlPart, field_values
from lakehouse.strict_yaml import ParsedYaml, read_yaml
from lakehouse.words import Words

__all__ = ["read_yaml_definition"]


def read_yaml_definition(file: Path) -> PipelineDefinition:
    """Read a definition. Raises YamlError, with file, line and a suggestion for each thing that is wrong."""
    load_extensions(file)
    parsed: ParsedYaml[Any] = read_yaml(file, pipeline_shape())
    return _Reader(file, parsed).definition()


class _Reader:
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

    def definition(self) -> PipelineDefinition:
        tables = [
            self._table(table, self._top.at("tables", number))
            for number, table in enumerate(self._pipeline.tables)
        ]
        variables = [Variable(name=name, default=text) for name, text in self._pipeline.variables.items()]
        views = [
            self._view(view, self._top.at("views", number))
            for number, view in enumerate(self._pipeline.views)
        ]
        return PipelineDefinition(
            name=self._pipeline.name, tables=tuple(tables), variables=tuple(variables), views=tuple(views)
        )

    def _view(self, given: Any, part: YamlPart) -> ViewDefinition:
        return ViewDefinition(
            name=given.name, flow=self._flow(given.flow, part.at("flow")), location=part.location
        )

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
            for name, condition in getattr(given, key).items():
                flow = flow.rule(_condition_rule(name, condition, action, part.at(key, name)))
        for number, rule in enumerate(given.rules):
            flow = flow.rule(*self._declared(FlowRule.words, rule, part.at("rules", number)))
        return flow

    def _beginning(self, given: Any, part: YamlPart) -> Flow:
        kind = part.only_key(given, [*Source.words, *QUERIES, "flow"])
        if kind == "flow":
            return self._named_flow(given.flow, part.at("flow"))
        if kind in QUERIES:
            return self._query(getattr(given, kind), part.at(kind), in_file=kind == "sql_file")
        source: Source = Source.words[kind].from_yaml(getattr(given, kind), part.at(kind))
        return begin(source)

    def _query(self, given: str, part: YamlPart, *, in_file: bool) -> Flow:
        try:
            query = Path(given).read_text(encoding="utf-8") if in_file else given
            return begin_with_query(query, location=part.location)
        except (OSError, ValueError) as error:
            part.refuse(f"{given!r} can't be read: {error}. Fix: check the path, and that it is UTF-8.")
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
            return self._flow(named, self._top.at("flows", name))
        finally:
            self._being_read.pop()

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


def _condition_rule(name: str, given: Any, action: ActionName, part: YamlPart) -> ConditionRule:
    plain = isinstance(given, str)
    return ConditionRule(
        given_name=name,
        given_condition=given if plain else given.condition,
        nulls_keep_it=False if plain else given.null_is_fine,
        action=action,
        location=part.location,
    )
