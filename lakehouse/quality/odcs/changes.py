"""What a contract's new version changes, and whether that breaks what producers or readers rely on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lakehouse.quality.contract import common_type
from lakehouse.quality.expectation import RuleAction
from lakehouse.quality.odcs.bounds import Bounds
from lakehouse.quality.odcs.document import OdcsDocument, OdcsProperty, OdcsTable, QualityItem
from lakehouse.quality.odcs.types import default_type, exact_type, named_type

__all__ = ["ContractChange", "contract_changes"]

_ASKED = ("pattern", "query", "properties", "missingValues", "engine", "implementation")
"""What tells one question about rows from another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractChange:
    """One difference between two versions of a contract."""

    table: str
    column: str | None
    what: str
    is_breaking: bool
    """Whether a reader can miss something, or rows that were good may be refused."""


def contract_changes(before: OdcsDocument, after: OdcsDocument) -> Sequence[ContractChange]:
    """Return all changes of tables, columns, types, keys and rules; descriptions and the like change nothing."""
    old, new = ({each.names[-1]: each for each in document.tables} for document in (before, after))
    found = [_change(name, None, "the table is removed", True) for name in old.keys() - new.keys()]
    found += [_change(name, None, "the table is added", False) for name in new.keys() - old.keys()]
    for name in old.keys() & new.keys():
        found += _between_tables(name, old[name], new[name])
    found += _between_levels(before, after)
    return sorted(found, key=lambda each: (not each.is_breaking, each.table, each.column or "", each.what))


def _between_tables(table: str, before: OdcsTable, after: OdcsTable) -> Iterator[ContractChange]:
    old, new = ({each.name: each for each in one.properties} for one in (before, after))
    by_id = {each.given["id"]: each.name for each in after.properties if "id" in each.given}
    for name in old.keys() - new.keys():
        now = by_id.get(old[name].given.get("id"))
        yield _change(table, name, "is removed" if now is None else f"is renamed to {now!r}", True)
    for name in new.keys() - old.keys():
        is_required = new[name].is_set("required")
        yield _change(table, name, f"is added{', and required' * is_required}", is_required)
    if before.primary_key != after.primary_key:
        now = ", ".join(after.primary_key) or "nothing"
        yield _change(
            table, None, f"the primary key was {', '.join(before.primary_key) or 'nothing'}, is {now}", True
        )
    for name in old.keys() & new.keys():
        yield from _between_columns(table, name, old[name], new[name])
    yield from _between_relationships(table, None, before.given, after.given)
    yield from _between_items(table, None, before.quality, after.quality)


def _between_columns(
    table: str, name: str, before: OdcsProperty, after: OdcsProperty
) -> Iterator[ContractChange]:
    one, other = (exact_type(each) or default_type(each) for each in (before, after))
    if one != other and one is not None and other is not None:
        yield _change(table, name, f"was {one}, is {other}", not _is_widened(one, other))
    for key, what in (("required", "required"), ("unique", "unique")):
        if before.is_set(key) != after.is_set(key):
            is_now = after.is_set(key)
            yield _change(table, name, f"is {'' if is_now else 'no longer '}{what}", is_now)
    if before.options != after.options:
        yield _change(table, name, "has other logicalTypeOptions", bool(after.options))
    for what, is_breaking in _between_actions(before.action or "quarantine", after.action or "quarantine"):
        yield _change(table, name, what, is_breaking)
    yield from _between_relationships(table, name, before.given, after.given)
    yield from _between_items(table, name, before.quality, after.quality)


def _between_relationships(
    table: str, column: str | None, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[ContractChange]:
    old, new = (
        {(str(each.get("from", "")), str(each.get("to"))) for each in given.get("relationships") or ()}
        for given in (before, after)
    )
    for _, to in old - new:
        yield _change(table, column, f"no longer refers to {to}", False)
    for _, to in new - old:
        yield _change(table, column, f"refers to {to}", True)


def _is_widened(before: str, after: str) -> bool:
    one, other = named_type(before), named_type(after)
    return one is not None and other is not None and common_type(one, other) == other


def _between_items(
    table: str, column: str | None, before: Sequence[QualityItem], after: Sequence[QualityItem]
) -> Iterator[ContractChange]:
    old, new = _by_key(before), _by_key(after)
    for key in old.keys() - new.keys():
        yield _change(table, column, f"the rule {key!r} is removed", False)
    for key in new.keys() - old.keys():
        yield _change(table, column, f"the rule {key!r} is added", True)
    for key in old.keys() & new.keys():
        for what, is_breaking in _between_rules(old[key], new[key]):
            yield _change(table, column, f"the rule {key!r} {what}", is_breaking)


def _by_key(items: Sequence[QualityItem]) -> Mapping[str, QualityItem]:
    """Return the items that are judged by id, metric or kind, and those of one name by their number too."""
    found: dict[str, QualityItem] = {}
    for each in items:
        if each.kind != "text":
            key = named = each.id or each.metric or each.kind
            number = 1
            while key in found:
                number += 1
                key = f"{named} {number}"
            found[key] = each
    return found


def _between_rules(before: QualityItem, after: QualityItem) -> Iterator[tuple[str, bool]]:
    """Yield what is different, and whether more rows may break the rule or be taken out by it."""
    yield from _between_actions(before.action, after.action)
    old, new = (each.arguments.get("validValues") for each in (before, after))
    if old != new and old is not None and new is not None:
        missing = [each for each in old if each not in new]
        yield (f"takes {missing} no longer" if missing else "takes more values"), bool(missing)
    bounds = [Bounds.of(each.given) for each in (before, after)]
    if bounds[0] != bounds[1]:
        yield "has other bounds", not _holds(bounds[1], bounds[0])
    if _asked(before) != _asked(after):
        yield "asks something else", True


def _between_actions(before: str, after: str) -> Iterator[tuple[str, bool]]:
    if before != after:
        yield f"has the action {after}, not {before}", RuleAction[after.upper()] > RuleAction[before.upper()]


def _asked(item: QualityItem) -> Sequence[Any]:
    """Return what an item asks of rows, beside which values are valid: whether it names some."""
    asked = [item.arguments.get(key) for key in _ASKED]
    return [item.kind, item.metric, "validValues" in item.arguments, *asked]


def _holds(wide: Bounds | None, narrow: Bounds | None) -> bool:
    """Say whether each number within the narrow bounds is within the wide ones, as far as they can be compared."""
    if wide is None or narrow is None or wide.is_share != narrow.is_share:
        return False
    return _is_least(wide, narrow) and _is_most(wide, narrow)


def _is_least(wide: Bounds, narrow: Bounds) -> bool:
    """Say whether the wide bounds begin where the narrow ones do, or before; a number that is excluded is behind."""
    one, other = ((each.least, 0) if each.above is None else (each.above, 1) for each in (wide, narrow))
    return one[0] is None or (other[0] is not None and (one[0], one[1]) <= (other[0], other[1]))


def _is_most(wide: Bounds, narrow: Bounds) -> bool:
    one, other = ((each.most, 0) if each.below is None else (each.below, -1) for each in (wide, narrow))
    return one[0] is None or (other[0] is not None and (one[0], one[1]) >= (other[0], other[1]))


def _between_levels(before: OdcsDocument, after: OdcsDocument) -> Iterator[ContractChange]:
    old, new = ({_level(each): each for each in one.service_levels()} for one in (before, after))
    for key in old.keys() - new.keys():
        yield _change(_table_of(key), None, f"the service level {key[0]!r} is removed", True)
    for key in new.keys() - old.keys():
        yield _change(_table_of(key), None, f"the service level {key[0]!r} is added", False)
    for key in old.keys() & new.keys():
        one, other = ((each.get("value"), each.get("unit")) for each in (old[key], new[key]))
        if one != other:
            text = " ".join(str(part) for part in other if part is not None)
            yield _change(_table_of(key), None, f"the service level {key[0]!r} is now {text}", True)


def _level(given: Mapping[str, Any]) -> tuple[str, str]:
    return str(given.get("property")), str(given.get("element", ""))


def _table_of(level: tuple[str, str]) -> str:
    return level[1].partition(".")[0]


def _change(table: str, column: str | None, what: str, is_breaking: bool) -> ContractChange:
    return ContractChange(table=table, column=column, what=what, is_breaking=is_breaking)
