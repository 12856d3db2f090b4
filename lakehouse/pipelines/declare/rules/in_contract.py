"""How a data contract of the Open Data Contract Standard says a rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from lakehouse.quality import Tolerance

__all__ = ["InContract", "bounded", "item", "own_item", "text_item", "with_action"]


@dataclass(frozen=True, slots=True, kw_only=True)
class InContract:
    """What a rule adds to a contract. Each part is left empty where it adds nothing there."""

    column: str | None = None
    """The property that it belongs to; None for the table."""
    property: Mapping[str, Any] = field(default_factory=dict)
    """Keys of the property itself."""
    quality: Mapping[str, Any] = field(default_factory=dict)
    relationship: Mapping[str, Any] = field(default_factory=dict)
    service_level: Mapping[str, Any] = field(default_factory=dict)
    """Of ``slaProperties``; its ``element`` is a column, which the contract puts behind the table's name."""


def item(id_: str, given: Mapping[str, Any], *, action: str, default: str = "quarantine") -> dict[str, Any]:
    """Return an item of ``quality`` under the rule's name, with its action where that is not the default."""
    return with_action({"name": id_, **given}, action=action, default=default)


def own_item(id_: str, word: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return an item of ``quality`` that only this library reads: a rule's word, and what YAML has behind it."""
    return {"name": id_, "type": "custom", "engine": "lakehouse", "implementation": {word: dict(fields)}}


def text_item(id_: str) -> dict[str, Any]:
    """Return an item of ``quality`` that names a rule to people, and that nothing is judged by."""
    return {"name": id_, "type": "text", "description": f"It keeps {id_}."}


def with_action(given: Mapping[str, Any], *, action: str, default: str = "quarantine") -> dict[str, Any]:
    """Return a part of a contract with the action of its rule."""
    custom = (
        {} if action == default else {"customProperties": [{"property": "lakehouse.action", "value": action}]}
    )
    return {**given, **custom}


def bounded(tolerance: Tolerance | None) -> dict[str, Any]:
    """Return the operator and unit for so many rows that may break a rule."""
    if tolerance is None:
        return {"mustBe": 0}
    operator = "mustBeLessOrEqualTo" if tolerance.is_allowed else "mustBeLessThan"
    if tolerance.is_share:
        return {operator: _number(tolerance.most * 100), "unit": "percent"}
    return {operator: _number(tolerance.most), "unit": "rows"}


def _number(given: Fraction) -> int | float:
    return int(given) if given.denominator == 1 else float(given)
