"""The shape of a YAML definition: steps, rules, sources and write modes are the words registered when it is read."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping
from dataclasses import field
from types import GenericAlias
from typing import Any

from lakehouse.pipelines.declare.rules import CONDITION_WORDS, FlowRule
from lakehouse.pipelines.declare.sources import Source
from lakehouse.pipelines.declare.steps import Step
from lakehouse.pipelines.declare.table_options import TableOptions
from lakehouse.pipelines.declare.variables import VariableType
from lakehouse.pipelines.declare.write_modes import WriteMode
from lakehouse.pipelines.declare.yaml_part import own_fields
from lakehouse.words import Words

__all__ = ["QUERIES", "model_shape", "pipeline_shape"]

QUERIES = ("sql", "sql_file")
"""The words for a flow that begins with a query: its text, or the file that it stands in."""

_REQUIRED = dataclasses.MISSING
_Fields = dict[str, tuple[Any, Any]]
"""By key, the type of its value and the default."""


def pipeline_shape(*, needs_tables: bool = True) -> type:
    """Return the type of a whole definition, with the words that are known now."""
    words = (Source.words, Step.words, FlowRule.words, WriteMode.words)
    return _pipeline_shape(tuple(tuple(each.items()) for each in words), needs_tables)


@functools.cache
def _pipeline_shape(words: tuple[tuple[tuple[str, Any], ...], ...], needs_tables: bool) -> type:
    """Return the shape for these words: making it takes longer than reading a file by it."""
    flow = _shape("Flow", _flow_fields())
    table = _shape(
        "Table",
        {
            "name": (str, _REQUIRED),
            "layer": (str, _REQUIRED),
            "flow": (flow, _REQUIRED),
            **_written_fields(),
        },
    )
    plain = str | int | float | bool | list[str | int]
    full = {
        "default": (plain | None, None),
        "type": (VariableType | None, None),
        "source": (str | None, None),
        "secret": (bool | None, None),
    }
    variable = plain | _shape("Variable", full)
    view = _shape("View", {"name": (str, _REQUIRED), "flow": (flow, _REQUIRED)})
    return _shape(
        "Pipeline",
        {
            "name": (str, _REQUIRED),
            "tables": (_list_of(table), _REQUIRED) if needs_tables else _many(_list_of(table), list),
            "views": _many(_list_of(view), list),
            "variables": _many(GenericAlias(Mapping, (str, variable)), dict),
            "schemas": _many(Mapping[str, Mapping[str, str]], dict),
            "flows": _many(GenericAlias(Mapping, (str, flow)), dict),
            "extensions": _many(list[str], list),  # imported before this shape is made
        },
    )


def model_shape() -> type:
    """Return the type of what the comment of an SQL file declares."""
    return _shape("Model", {**_flow_fields(), **_written_fields()})


def _flow_fields() -> _Fields:
    step = _shape("Step", _one_of(Step.words))
    rule = _shape("Rule", _one_of(FlowRule.words))
    condition = _shape(
        "Condition",
        {
            "condition": (str, _REQUIRED),
            "null_is_fine": (bool, False),
            "at_most": (int | str | None, None),
        },
    )
    return {
        **_one_of(Source.words),
        **dict.fromkeys((*QUERIES, "flow"), (str | None, None)),
        "steps": _many(_list_of(step), list),
        **{word: _many(GenericAlias(Mapping, (str, str | condition)), dict) for word in CONDITION_WORDS},
        "rules": _many(_list_of(rule), list),
    }


def _written_fields() -> _Fields:
    return {
        "options": (own_fields(TableOptions) | None, None),
        "write": (str | _shape("Write", _one_of(WriteMode.words)) | None, None),
    }


def _one_of(words: Words) -> _Fields:
    """Return an optional field for each word; the reader sees to it that exactly one is there."""
    return {word: (_type_of(cls) | None, None) for word, cls in words.items()}


def _type_of(cls: Any) -> Any:
    return cls.yaml_type if cls.yaml_type is not None else own_fields(cls)


def _list_of(item: type) -> Any:
    return GenericAlias(list, (item,))


def _many(type_: Any, empty: Callable[[], Any]) -> tuple[Any, Any]:
    return type_, field(default_factory=empty)


def _shape(name: str, fields: _Fields) -> type:
    given = [
        (key, type_) if default is _REQUIRED else (key, type_, default)
        for key, (type_, default) in fields.items()
    ]
    return dataclasses.make_dataclass(name, given, frozen=True, kw_only=True)
