"""Which rules a contract has for one table, each under its id, and which of its parts nobody is held to."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from lakehouse.pipelines.declare.contracts.contract_rule import ContractRule
from lakehouse.pipelines.declare.contracts.quality_rules import pattern_rule, rule_of
from lakehouse.pipelines.declare.rules import (
    Between,
    ConditionRule,
    FlowRule,
    Freshness,
    NotNull,
    References,
    Unique,
)
from lakehouse.quality import OdcsDocument, OdcsProperty, OdcsTable, QualityItem, action_in
from lakehouse.source_location import SourceLocation
from lakehouse.tables import quoted

__all__ = ["NotEnforced", "rules_in"]

_UNITS = {
    "s": "second",
    "sec": "second",
    "second": "second",
    "seconds": "second",
    "m": "minute",
    "min": "minute",
    "minute": "minute",
    "minutes": "minute",
    "h": "hour",
    "hour": "hour",
    "hours": "hour",
    "d": "day",
    "day": "day",
    "days": "day",
    "w": "week",
    "week": "week",
    "weeks": "week",
}
_FRESHNESS = ("freshness", "latency")
_BOUNDS_OF_LENGTH = (("minLength", ">="), ("maxLength", "<="))
_BOUNDS = ("minimum", "maximum", "pattern", "minLength", "maxLength")


@dataclass(frozen=True, slots=True, kw_only=True)
class NotEnforced:
    """A part of a contract that nobody is held to."""

    what: str
    reason: str
    location: SourceLocation = field(compare=False)

    def __str__(self) -> str:
        return f"{self.location}: {self.what} is not enforced: {self.reason}"


def rules_in(
    document: OdcsDocument, table: OdcsTable, tables: Collection[str] | None
) -> tuple[tuple[FlowRule, ...], tuple[NotEnforced, ...]]:
    """Return the rules of a contract's table, and what is not enforced.

    ``tables`` are those that rules can look rows up in; None where any may be there.
    """
    reader = _Rules(document, table, tables)
    reader.read()
    return tuple(reader.rules.values()), tuple(reader.not_enforced)


class _Rules:
    """Collects the rules of one table, each under its id."""

    def __init__(self, document: OdcsDocument, table: OdcsTable, tables: Collection[str] | None) -> None:
        self.rules: dict[str, FlowRule] = {}
        self.not_enforced: list[NotEnforced] = []
        self._document = document
        self._table = table
        self._tables = tables

    def read(self) -> None:
        for each in self._table.properties:
            self._of_property(each)
        if keys := self._table.primary_key:
            of = {each.name: self._more(each) for each in self._table.properties}
            for key in keys:
                if f"required({key})" not in self.rules:
                    self._add(f"required({key})", NotNull(column=key, **of[key]))
            self._add(f"primary_key({', '.join(keys)})", Unique(columns=keys, **of[keys[0]]))
        for item in self._table.quality:
            self._item(item, None)
        for given in self._table.given.get("relationships") or ():
            self._relationship(given, given.get("from"), self._table.location, None)
        for given in self._document.service_levels():
            self._service_level(given)

    def _of_property(self, given: OdcsProperty) -> None:
        name, more = given.name, self._more(given)
        if given.is_set("required"):
            self._add(f"required({name})", NotNull(column=name, **more))
        if given.is_set("unique"):
            self._add(f"unique({name})", Unique(columns=(name,), **more))
        self._options(given, more)
        for item in given.quality:
            self._item(item, name)
        for each in given.given.get("relationships") or ():
            self._relationship(each, name, given.location, given.action)

    def _options(self, given: OdcsProperty, more: dict[str, Any]) -> None:
        name, options = given.name, given.options
        column = quoted(name)
        least, most = options.get("minimum"), options.get("maximum")
        if least is not None or most is not None:
            self._add(f"bounds({name})", Between(column=name, minimum=least, maximum=most, **more))
        if (pattern := options.get("pattern")) is not None:
            self._add(f"pattern({name})", pattern_rule(name, str(pattern), **more))
        for key, sign in _BOUNDS_OF_LENGTH:
            if (bound := options.get(key)) is not None:
                condition = f"length({column}) {sign} {int(bound)}"
                rule = ConditionRule(given_name=key, given_condition=condition, nulls_keep_it=True, **more)
                self._add(f"{key}({name})", rule)
        for key in (key for key in options if key not in _BOUNDS):
            self._leave(f"{key} of {name}", f"only {', '.join(_BOUNDS)} are judged", given.location)

    def _relationship(
        self, given: Mapping[str, Any], ours: Any, location: SourceLocation, action: str | None
    ) -> None:
        sides = [[side] if isinstance(side, str) else list(side or ()) for side in (ours, given.get("to"))]
        columns = [_column(each) for each in sides[0]]
        parts = [_table_and_column(each) for each in sides[1]]
        tables = {part[0] for part in parts if part is not None}
        label = f"the relationship of {', '.join(columns)}"
        if len(tables) != 1 or None in parts or len(columns) != len(parts):
            self._leave(label, "it does not name as many columns of one other table", location)
            return
        (table,) = tables
        if self._tables is not None and table not in self._tables:
            self._leave(label, f"the pipeline has no table {table!r}", location)
            return
        taken: Any = action_in(given) or action or "quarantine"
        rule = References(
            table=table,
            columns=tuple(columns),
            to=tuple(part[1] for part in parts if part is not None),
            action=taken,
            location=location,
        )
        self._add(f"references({', '.join(columns)})", rule)

    def _service_level(self, given: Mapping[str, Any]) -> None:
        name, value = str(given.get("property")), given.get("value")
        table, _, column = str(given.get("element", "")).rpartition(".")
        if table not in self._table.names:
            return  # of another table, or of the whole contract
        unit = _UNITS.get(str(given.get("unit", "")).lower())
        if name not in _FRESHNESS or unit is None or not isinstance(value, int):
            self._leave(
                f"the service level {name!r}", "freshness of a column is judged", self._table.location
            )
            return
        id_ = str(given.get("id") or f"{name}({column})")
        action: Any = self._document.custom.get(f"lakehouse.action.{given.get('id') or name}", "warn")
        within = f"{value} {unit}"
        rule = Freshness(column=column, within=within, action=action, location=self._table.location)
        self._add(id_, rule)

    def _item(self, item: QualityItem, column: str | None) -> None:
        try:
            self._add(*rule_of(item, column))
        except ValueError as error:
            label = item.id or item.metric or item.kind
            self._leave(f"the item {label!r}", str(error), item.location)

    def _add(self, id_: str, rule: FlowRule) -> None:
        number, free = 2, id_
        while free in self.rules:
            free, number = f"{id_} {number}", number + 1
        self.rules[free] = ContractRule.of(free, rule)

    def _leave(self, what: str, reason: str, location: SourceLocation) -> None:
        self.not_enforced.append(NotEnforced(what=what, reason=reason, location=location))

    @staticmethod
    def _more(given: OdcsProperty) -> dict[str, Any]:
        return {"action": given.action or "quarantine", "location": given.location}


def _column(reference: str) -> str:
    return reference.rpartition("/")[2] if "/" in reference else reference.rpartition(".")[2]


def _table_and_column(reference: str) -> tuple[str, str] | None:
    """Return what ``table.column`` or ``schema/table/properties/column`` names; None for another document's."""
    if "#" in reference or reference.startswith("http"):
        return None
    if "/" in reference:
        parts = reference.strip("/").split("/")
        return (parts[1], parts[3]) if len(parts) == 4 else None
    table, _, column = reference.rpartition(".")
    return (table, column) if table and column else None
