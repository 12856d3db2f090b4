"""In which ranges the keys of some rows lie, and which rows elsewhere can have one of these keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce
from typing import Any

from lakehouse.delta_log import And, Comparison, IsNull, Or, Predicate

__all__ = ["KeyRange", "hull", "may_have_key_in"]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRange:
    """The values of one column in a group of rows."""

    smallest: Any
    """As ``col`` compares it; None where the group has no value but NULL."""
    largest: Any
    has_null: bool

    @property
    def is_local_time(self) -> bool:
        """Whether the values are moments without a time zone."""
        return isinstance(self.smallest, datetime) and self.smallest.tzinfo is None

    def condition(self, column: str) -> Predicate:
        """Return the condition that a value may be one of these; NULL equals NULL."""
        parts: list[Predicate] = [IsNull((column,))] if self.has_null else []
        if self.smallest is not None:
            low = Comparison((column,), ">=", self.smallest)
            parts.append(And((low, Comparison((column,), "<=", self.largest))))
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def with_other(self, other: KeyRange) -> KeyRange:
        """Return the range of both groups' values."""
        if self.smallest is None or other.smallest is None:
            wide = other if self.smallest is None else self
            return replace(wide, has_null=self.has_null or other.has_null)
        return KeyRange(
            smallest=min(self.smallest, other.smallest),
            largest=max(self.largest, other.largest),
            has_null=self.has_null or other.has_null,
        )


def hull(groups: Sequence[Mapping[str, KeyRange]]) -> Sequence[Mapping[str, KeyRange]]:
    """Return one group, in whose ranges all groups lie; without groups, none.

    It is for ``IReadableDeltaTable.read``: moments without a time zone, which Spark has no literals of, are left out.
    """
    if not groups:
        return ()
    shared = [column for column in groups[0] if all(column in group for group in groups)]
    ranges = {column: reduce(KeyRange.with_other, (each[column] for each in groups)) for column in shared}
    return ({column: each for column, each in ranges.items() if not each.is_local_time},)


def may_have_key_in(groups: Sequence[Mapping[str, KeyRange]]) -> Predicate:
    """Return the condition that a row's key may be one of a group's.

    Each group has a range for every column of which something is known; a column that is left out may have any
    value. Without groups there is no key, and no row meets the condition.
    """
    return Or(tuple(_in_group(group) for group in groups))


def _in_group(group: Mapping[str, KeyRange]) -> Predicate:
    return And(tuple(each.condition(column) for column, each in group.items()))
