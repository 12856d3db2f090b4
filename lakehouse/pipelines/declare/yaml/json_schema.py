"""The shape of a YAML definition as a JSON Schema, by which editors complete and check what is written."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from lakehouse.pipelines.declare.rules import FlowRule
from lakehouse.pipelines.declare.sources import Source
from lakehouse.pipelines.declare.steps import Step
from lakehouse.pipelines.declare.variables import VARIABLE_ALONE
from lakehouse.pipelines.declare.write_modes import WriteMode
from lakehouse.pipelines.declare.yaml.extensions import load_extensions
from lakehouse.pipelines.declare.yaml.shape import QUERIES, pipeline_shape
from lakehouse.words import Words

__all__ = ["definition_schema"]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_VARIABLE = {"type": "string", "pattern": f"^{VARIABLE_ALONE.pattern.replace('(?P<name>', '(')}$"}
_WORDS: dict[str, Words] = {"Step": Step.words, "Rule": FlowRule.words, "Write": WriteMode.words}
"""By the name of a shape, the words of which it has exactly one."""


def definition_schema(file: Path | None = None) -> dict[str, Any]:
    """Return the schema, with the words from outside that ``file`` names as extensions.

    It says which keys and types there are; that columns, flows and tables exist, only ``validate`` says.
    """
    if file is not None:
        load_extensions(file)
    schema = msgspec.json.schema(pipeline_shape())
    for name, shape in schema["$defs"].items():
        if "properties" not in shape:
            continue
        shape["additionalProperties"] = False
        if name in _WORDS:
            shape |= {"minProperties": 1, "maxProperties": 1}
            _describe(shape, _WORDS[name])
        if name == "Flow":
            shape["oneOf"] = [{"required": [word]} for word in (*Source.words, *QUERIES, "flow")]
            _describe(shape, Source.words)
        _leave_out_null(shape)
        if name not in ("Pipeline", "Variable"):
            shape["properties"] = {key: _or_variable(value) for key, value in shape["properties"].items()}
    return {"$schema": _DIALECT, "title": "A pipeline of lakehouse", **schema}


def _describe(shape: dict[str, Any], words: Words) -> None:
    """Give each word the first line of its class: what an editor shows beside it."""
    for word, cls in words.items():
        shape["properties"][word]["description"] = (cls.__doc__ or "").strip().partition("\n")[0]


def _or_variable(given: dict[str, Any]) -> dict[str, Any]:
    """Return a shape that also takes a variable, where numbers, booleans or plain lists are asked for."""
    kinds = given.get("anyOf", [given])
    if not any(_is_plain(each) for each in kinds):
        return given
    notes: dict[str, Any] = {key: given[key] for key in ("default", "description") if key in given}
    bare = [{key: each[key] for key in each if key not in notes} for each in kinds]
    return {"anyOf": [*bare, _VARIABLE], **notes}


def _is_plain(given: dict[str, Any]) -> bool:
    if given.get("type") == "array":
        return "$ref" not in given.get("items", {})
    return given.get("type") in ("integer", "number", "boolean")


def _leave_out_null(shape: dict[str, Any]) -> None:
    """A key that may be left out is no key that is null."""
    for given in shape["properties"].values():
        if given.get("default", ...) is None:
            del given["default"]
            given["anyOf"] = list(_without_null(given["anyOf"]))


def _without_null(types: Iterable[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    return (each for each in types if each != {"type": "null"})
