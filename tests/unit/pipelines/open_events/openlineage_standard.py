"""OpenLineage's own classes as a judge of events: they are generated from the standard's published JSON Schemas."""

from __future__ import annotations

import datetime as dt
import importlib
import pkgutil
import types
import typing
import uuid
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any, get_args, get_origin, get_type_hints

import attr
from openlineage.client import generated
from openlineage.client.generated import base

__all__ = ["problems_of"]


def problems_of(event: Mapping[str, Any]) -> list[str]:
    """Return what the standard does not allow in a run event; each with the place where it stands."""
    return [*_problems(event, base.RunEvent, "event"), *_problems_of_formats(event)]


def _classes() -> Iterator[type]:
    for each in pkgutil.iter_modules(generated.__path__):
        module = importlib.import_module(f"{generated.__name__}.{each.name}")
        yield from (found for found in vars(module).values() if isinstance(found, type) and attr.has(found))


_BY_SCHEMA = {found._get_schema(): found for found in _classes() if hasattr(found, "_get_schema")}
"""The classes by the address of their schema, with its version."""


def _problems(value: Any, expected: Any, at: str) -> Iterator[str]:
    """Yield what is wrong with a value of which the standard expects a type: a class, a list, a mapping, a choice."""
    origin, arguments = get_origin(expected), get_args(expected)
    if expected is Any:
        return
    if origin in (typing.Union, types.UnionType):
        found = [list(_problems(value, each, at)) for each in arguments]
        if all(found):
            yield from min(found, key=len)
    elif origin is list:
        if not isinstance(value, list):
            yield f"{at}: expected a list, got {value!r}"
            return
        for number, each in enumerate(value):
            yield from _problems(each, arguments[0], f"{at}[{number}]")
    elif origin is dict:
        for name, each in value.items():
            yield from _problems(each, arguments[1], f"{at}.{name}")
    elif attr.has(expected):
        yield from _problems_of_object(value, expected, at)
    elif issubclass(expected, Enum):
        if value not in {each.value for each in expected}:
            yield f"{at}: {value!r} is none of the standard's words"
    elif not isinstance(value, expected) or (expected is not bool and isinstance(value, bool)):
        yield f"{at}: expected {expected.__name__}, got {value!r}"


def _problems_of_object(value: Any, expected: type, at: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{at}: expected an object, got {value!r}"
        return
    if issubclass(expected, base.BaseFacet):
        known = _BY_SCHEMA.get(value.get("_schemaURL"))
        if known is None or not issubclass(known, expected):
            yield f"{at}: {value.get('_schemaURL')!r} is no schema of a {expected.__name__}"
            return
        expected = known
    hints = get_type_hints(expected, vars(base) | vars(importlib.import_module(expected.__module__)))
    fields = {each.name: each for each in attr.fields(expected)}
    for name in value.keys() - fields.keys():
        yield f"{at}: the standard has no {name!r}"
    for name, field in fields.items():
        if name in value:
            yield from _problems(value[name], hints[name], f"{at}.{name}")
        elif field.default is attr.NOTHING or name in ("producer", "schemaURL", "_producer", "_schemaURL"):
            yield f"{at}: {name!r} is missing"


def _problems_of_formats(event: Mapping[str, Any]) -> Iterator[str]:
    if dt.datetime.fromisoformat(event["eventTime"]).tzinfo is None:
        yield "event.eventTime: a time without its zone"
    if event["schemaURL"] != base.RunEvent._get_schema():
        yield f"event.schemaURL: {event['schemaURL']!r}"
    parents = [facet["run"] for name, facet in event["run"]["facets"].items() if name == "parent"]
    for run in (event["run"], *parents):
        uuid.UUID(run["runId"])
