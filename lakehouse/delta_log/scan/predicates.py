"""Conditions on rows, as values that can also be asked of a whole file.

>>> predicate = (col("day") == date(2024, 5, 1)) & (col("amount") > 100)
"""

from __future__ import annotations

import operator
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.delta_log.errors import PredicateTruthError

__all__ = [
    "And",
    "Column",
    "ColumnPath",
    "Comparison",
    "IsIn",
    "IsMember",
    "IsNull",
    "Not",
    "Or",
    "Predicate",
    "WhereNotNull",
    "col",
]

ColumnPath: TypeAlias = tuple[str, ...]
"""Logical names from the top down; one name for a top-level column."""

_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Predicate(ABC):
    """A condition with SQL's three values: a row counts only where it is true, not where it is unknown."""

    __slots__ = ()

    @property
    @abstractmethod
    def columns(self) -> frozenset[ColumnPath]:
        """Return the columns that decide."""

    @abstractmethod
    def to_arrow(self) -> pc.Expression:
        """Return the condition as Arrow's datasets take it."""

    def __and__(self, other: Predicate) -> Predicate:
        return And((*_parts(self, And), *_parts(other, And)))

    def __or__(self, other: Predicate) -> Predicate:
        return Or((*_parts(self, Or), *_parts(other, Or)))

    def __invert__(self) -> Predicate:
        return Not(self)

    def __bool__(self) -> bool:
        # Python's own "and", "or", "not" and chained comparisons ask for it, and would drop a half.
        raise PredicateTruthError(predicate=repr(self))


@dataclass(frozen=True, slots=True)
class Comparison(Predicate):
    """A column against a value that isn't null."""

    path: ColumnPath
    operator: str
    """One of ``== != < <= > >=``."""
    value: Any

    @property
    def columns(self) -> frozenset[ColumnPath]:
        return frozenset({self.path})

    def to_arrow(self) -> pc.Expression:
        return _OPERATORS[self.operator](pc.field(*self.path), self.value)


@dataclass(frozen=True, slots=True)
class IsIn(Predicate):
    """A column has one of several values that are not null."""

    path: ColumnPath
    values: tuple[Any, ...]

    @property
    def columns(self) -> frozenset[ColumnPath]:
        return frozenset({self.path})

    def to_arrow(self) -> pc.Expression:
        return Or(tuple(Comparison(self.path, "==", value) for value in self.values)).to_arrow()


@dataclass(frozen=True, slots=True)
class IsMember(Predicate):
    """``IsIn`` as one look-up: the values are of the column's own type, without null and NaN."""

    path: ColumnPath
    members: pa.Array
    has_null: bool
    """Whether null was among the values, so that what isn't found is unknown."""

    @property
    def columns(self) -> frozenset[ColumnPath]:
        return frozenset({self.path})

    def to_arrow(self) -> pc.Expression:
        column = pc.field(*self.path)
        is_found = column.isin(self.members)
        is_known = column.is_valid() & is_found if self.has_null else column.is_valid()
        return pc.if_else(is_known, is_found, pc.scalar(None).cast(pa.bool_()))


@dataclass(frozen=True, slots=True)
class WhereNotNull(Predicate):
    """The same answer for every value of a column, and unknown for null."""

    path: ColumnPath
    answer: bool | None

    @property
    def columns(self) -> frozenset[ColumnPath]:
        return frozenset({self.path})

    def to_arrow(self) -> pc.Expression:
        answer = pc.scalar(self.answer).cast(pa.bool_())
        return pc.if_else(pc.field(*self.path).is_valid(), answer, pc.scalar(None).cast(pa.bool_()))


@dataclass(frozen=True, slots=True)
class IsNull(Predicate):
    """A column is null."""

    path: ColumnPath

    @property
    def columns(self) -> frozenset[ColumnPath]:
        return frozenset({self.path})

    def to_arrow(self) -> pc.Expression:
        return pc.field(*self.path).is_null()


@dataclass(frozen=True, slots=True)
class _Several(Predicate):
    parts: tuple[Predicate, ...]

    @property
    def columns(self) -> frozenset[ColumnPath]:
        return frozenset[ColumnPath]().union(*(part.columns for part in self.parts))

    def _joined(self, join: Callable[[Any, Any], Any], *, of_none: bool) -> pc.Expression:
        parts = [part.to_arrow() for part in self.parts]
        while len(parts) > 1:
            # In pairs, so that thousands of parts don't nest thousands deep.
            paired = [join(*parts[at : at + 2]) for at in range(0, len(parts) - 1, 2)]
            parts = paired + parts[len(paired) * 2 :]
        return parts[0] if parts else pc.scalar(of_none)


def _parts(predicate: Predicate, kind: type[_Several]) -> tuple[Predicate, ...]:
    return predicate.parts if isinstance(predicate, kind) else (predicate,)


class And(_Several):
    """All of the parts are true; without parts, it is always true."""

    __slots__ = ()

    def to_arrow(self) -> pc.Expression:
        return self._joined(operator.and_, of_none=True)


class Or(_Several):
    """At least one of the parts is true; without parts, it is never true."""

    __slots__ = ()

    def to_arrow(self) -> pc.Expression:
        return self._joined(operator.or_, of_none=False)


@dataclass(frozen=True, slots=True)
class Not(Predicate):
    """The condition is false; where it is unknown, so is this."""

    part: Predicate

    @property
    def columns(self) -> frozenset[ColumnPath]:
        return self.part.columns

    def to_arrow(self) -> pc.Expression:
        return ~self.part.to_arrow()


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """The beginning of a condition; ``col`` makes it."""

    path: ColumnPath

    def __eq__(self, value: object) -> Comparison:  # type: ignore[override]
        return Comparison(self.path, "==", value)

    def __ne__(self, value: object) -> Comparison:  # type: ignore[override]
        return Comparison(self.path, "!=", value)

    def __lt__(self, value: Any) -> Comparison:
        return Comparison(self.path, "<", value)

    def __le__(self, value: Any) -> Comparison:
        return Comparison(self.path, "<=", value)

    def __gt__(self, value: Any) -> Comparison:
        return Comparison(self.path, ">", value)

    def __ge__(self, value: Any) -> Comparison:
        return Comparison(self.path, ">=", value)

    def __hash__(self) -> int:
        return hash(self.path)

    def __bool__(self) -> bool:
        raise PredicateTruthError(predicate=repr(self))

    def is_in(self, values: Iterable[Any]) -> IsIn:
        """Return the condition that the column has one of the values. Raises TypeError for a single text."""
        if isinstance(values, str | bytes):
            raise TypeError(f"is_in takes several values, and {values!r} is one. Fix: is_in([{values!r}]).")
        return IsIn(self.path, tuple(values))

    def is_null(self) -> IsNull:
        """Return the condition that the column is null."""
        return IsNull(self.path)

    def is_not_null(self) -> Predicate:
        """Return the condition that the column is not null."""
        return Not(IsNull(self.path))


def col(*path: str) -> Column:
    """Return a column to compare: one name, or for a field of a struct the names from the top down."""
    return Column(path)
