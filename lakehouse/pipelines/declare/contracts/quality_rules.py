"""Which rule an item of a contract's quality is."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml
from pyspark.sql import Column
from pyspark.sql import functions as F

from lakehouse.errors import DefinitionError
from lakehouse.pipelines.declare.rules import (
    Accepted,
    ConditionRule,
    FlowRule,
    Matches,
    NotNull,
    RowCount,
    Unique,
)
from lakehouse.pipelines.declare.yaml_part import YamlPart, own_fields
from lakehouse.quality import Bounds, Condition, QualityItem
from lakehouse.source_location import SourceLocation
from lakehouse.strict_yaml import parse_yaml
from lakehouse.tables import quoted

__all__ = ["pattern_rule", "rule_of"]

_ENGINE = "lakehouse"
"""Of custom items that stand for rules of this library: their words, as YAML writes them."""

_WHOLE_PATTERN = re.compile(r"\^\(\?:(.*)\)\$", re.DOTALL)
_BROKEN_ROWS = re.compile(
    r"\s*SELECT\s+COUNT\(\s*(?:\*|1)\s*\)\s+FROM\s+\$?\{(?:object|table|model)\}\s+WHERE\s+(?P<where>.+?);?\s*",
    re.IGNORECASE | re.DOTALL,
)
_PROPERTY = re.compile(r"\$?\{(?:property|column|field)\}")


def rule_of(item: QualityItem, column: str | None) -> tuple[str, FlowRule]:
    """Return an item's rule and the id that it has in the contract. Raises ValueError, with the reason,
    for one that is not judged.

    ``column`` is None for an item of the whole table.
    """
    found = _KINDS.get(item.kind, _unknown)(_Item(item=item, column=column))
    where = column or ", ".join(_columns(item))
    return item.id or f"{item.metric or item.kind}({where})", found


def pattern_rule(column: str, pattern: str, **more: Any) -> FlowRule:
    """Return the rule that a column's text matches a pattern: as a whole where the pattern says so."""
    if (whole := _WHOLE_PATTERN.fullmatch(pattern)) is not None:
        return Matches(column=column, pattern=whole[1], **more)
    return _condition(f"pattern({column})", _Finds(column=column, pattern=pattern), **more)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Item:
    item: QualityItem
    column: str | None

    @property
    def location(self) -> SourceLocation:
        return self.item.location

    def more(self) -> dict[str, Any]:
        """Return the fields that all rules about rows have."""
        return {"action": self.item.action, "at_most": self.bounds().at_most(), "location": self.location}

    def bounds(self) -> Bounds:
        bounds = Bounds.of(self.item.given)
        if bounds is None:
            raise ValueError("it has no operator that bounds a range")
        return bounds

    def own_column(self) -> str:
        if self.column is None:
            raise ValueError(f"{self.item.metric or self.item.kind} is asked of a column")
        return self.column


def _library(asked: _Item) -> FlowRule:
    return _METRICS.get(asked.item.metric, _unknown)(asked)


def _nulls(asked: _Item) -> FlowRule:
    return NotNull(column=asked.own_column(), **asked.more())


def _missing(asked: _Item) -> FlowRule:
    values = asked.item.arguments.get("missingValues") or []
    column = asked.own_column()
    return _condition(
        f"missingValues({column})",
        _IsThere(column=column, missing=tuple(v for v in values if v is not None)),
        **asked.more(),
    )


def _invalid(asked: _Item) -> FlowRule:
    arguments, column = asked.item.arguments, asked.own_column()
    values, pattern = arguments.get("validValues"), arguments.get("pattern")
    if values and not pattern:
        accepted = tuple(each for each in values if each is not None)
        return Accepted(column=column, values=accepted, **asked.more())
    if pattern and not values:
        return pattern_rule(column, str(pattern), **asked.more())
    raise ValueError("it needs validValues or a pattern, one of them")


def _duplicates(asked: _Item) -> FlowRule:
    columns = (asked.column,) if asked.column is not None else _columns(asked.item)
    if not columns:
        raise ValueError("it names no properties")
    return Unique(columns=columns, **asked.more())


def _row_count(asked: _Item) -> FlowRule:
    least, most = asked.bounds().rows()
    action: Any = asked.item.action
    return RowCount(minimum=least, maximum=most, action=action, location=asked.location)


def _sql(asked: _Item) -> FlowRule:
    query = _BROKEN_ROWS.fullmatch(str(asked.item.given.get("query", "")))
    if query is None:
        raise ValueError("only SELECT COUNT(*) FROM {object} WHERE … is judged, which counts broken rows")
    where = query["where"]
    if _PROPERTY.search(where):
        name = quoted(asked.own_column())
        where = _PROPERTY.sub(lambda _: name, where)
    return _condition(asked.item.id or "sql", f"NOT coalesce(({where}), false)", **asked.more())


def _custom(asked: _Item) -> FlowRule:
    given = asked.item.given.get("implementation")
    if asked.item.given.get("engine") != _ENGINE or not isinstance(given, dict) or len(given) != 1:
        raise ValueError(f"it is for the engine {asked.item.given.get('engine')!r}")
    ((word, fields),) = given.items()
    if word not in FlowRule.words:
        raise ValueError(f"there is no rule {word!r}")
    cls: Any = FlowRule.words[word]
    shape = cls.yaml_type if cls.yaml_type is not None else own_fields(cls)
    file, line = asked.location.file, asked.location.line
    try:
        read: Any = parse_yaml(yaml.safe_dump(fields), shape, file=file)
        (rule,) = cls.from_yaml(read.value, YamlPart(file=file, lines={(): line}, schemas={}))
    except (DefinitionError, TypeError, ValueError) as error:
        raise ValueError(f"the rule {word!r} can't be read: {error}") from error
    made: FlowRule = rule
    return made


def _text(asked: _Item) -> FlowRule:
    raise ValueError("it is written for people")


def _unknown(asked: _Item) -> FlowRule:
    raise ValueError(f"{asked.item.metric or asked.item.kind!r} is not known")


def _columns(item: QualityItem) -> tuple[str, ...]:
    given: Sequence[Any] = item.arguments.get("properties") or ()
    return tuple(str(each) for each in given)


def _condition(name: str, condition: Condition, **more: Any) -> ConditionRule:
    return ConditionRule(given_name=name, given_condition=condition, nulls_keep_it=True, **more)


_Reading = Callable[[_Item], FlowRule]
_METRICS: Mapping[str, _Reading] = {
    "nullValues": _nulls,
    "missingValues": _missing,
    "invalidValues": _invalid,
    "duplicateValues": _duplicates,
    "rowCount": _row_count,
}
_KINDS: Mapping[str, _Reading] = {"library": _library, "sql": _sql, "custom": _custom, "text": _text}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Finds:
    """The text has a part that matches the pattern (Java's, as RLIKE takes it)."""

    column: str
    pattern: str

    def __call__(self) -> Column:
        return F.col(quoted(self.column)).rlike(self.pattern)


@dataclass(frozen=True, slots=True, kw_only=True)
class _IsThere:
    """The column has a value that doesn't stand for a missing one."""

    column: str
    missing: tuple[Any, ...] = field(default=())

    def __call__(self) -> Column:
        value = F.col(quoted(self.column))
        # A text among them is compared as text: Spark would try to read it as a number of the column's type.
        texts = [each for each in self.missing if isinstance(each, str)]
        others = [each for each in self.missing if not isinstance(each, str)]
        there = value.isNotNull()
        if texts:
            there &= ~value.cast("string").isin(*texts)
        return there & ~value.isin(*others) if others else there
