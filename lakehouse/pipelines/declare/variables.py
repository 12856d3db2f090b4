"""Values for ``${variables}``, put into every text of a declaration."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any, TypeVar

from lakehouse.pipelines.errors import UnknownVariableError
from lakehouse.source_location import SourceLocation

__all__ = ["fill_variables"]

_VARIABLE = re.compile(r"\$(?P<escaped>\$)?\{(?P<name>\w+)\}")

T = TypeVar("T")


def fill_variables(declared: T, values: Mapping[str, str], *, location: SourceLocation) -> T:
    """Return what is declared with ``${name}`` replaced in all its texts, however deep they stand.

    ``$${name}`` is the text ``${name}``. A part that has a line of its own gives it to the error.
    Raises UnknownVariableError.
    """
    filled: T = _filled(declared, values, location)
    return filled


def _filled(part: Any, values: Mapping[str, str], location: SourceLocation) -> Any:
    if type(part) is str:  # not an enumeration of texts, whose member must stay that member
        return _VARIABLE.sub(lambda match: _value(match, values, location), part)
    if isinstance(part, tuple | list):
        return type(part)(_filled(each, values, location) for each in part)
    if isinstance(part, dict):
        return {key: _filled(value, values, location) for key, value in part.items()}
    if dataclasses.is_dataclass(part) and not isinstance(part, type | SourceLocation):
        own = _location_of(part, location)
        changes = {
            each.name: changed
            for each in dataclasses.fields(part)
            if each.init and (changed := _filled(value := getattr(part, each.name), values, own)) is not value
        }
        return dataclasses.replace(part, **changes) if changes else part
    return part


def _location_of(part: Any, default: SourceLocation) -> SourceLocation:
    """Return the line of a part that has one of its own.

    The fields say so, and not ``getattr`` with a default: a flow looks every unknown name up among its words.
    """
    has_one = "location" in {each.name for each in dataclasses.fields(part)}
    location: SourceLocation = part.location if has_one else default
    return location


def _value(match: re.Match[str], values: Mapping[str, str], location: SourceLocation) -> str:
    name = match["name"]
    if match["escaped"]:
        return f"${{{name}}}"
    if name not in values:
        raise UnknownVariableError(variable=name, known=values, location=location)
    return values[name]
