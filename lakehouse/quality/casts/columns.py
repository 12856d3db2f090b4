"""The columns of a frame into other types. No value is lost in silence: what can't be cast is noted on its row."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import DataType

from lakehouse.quality.casts.sql import let, literal
from lakehouse.quality.casts.target import CastTarget, cast_targets
from lakehouse.quality.schemas import Schema
from lakehouse.tables import quoted

__all__ = ["CAST_ERRORS", "ERRORS_TYPE", "CastPolicy", "cast_columns"]

CAST_ERRORS = "_cast_errors"
"""The column that carries what could not be cast (array of struct: rule, message) to the table's rules."""

ERRORS_TYPE = "array<struct<rule:string,message:string>>"
"""The type of CAST_ERRORS."""
_NO_ERRORS = f"CAST(array() AS {ERRORS_TYPE})"
_QUICK = "__lakehouse_quick_{}"
_EXACT = "__lakehouse_exact_{}"
_FATAL = "__lakehouse_fatal"


class CastPolicy(StrEnum):
    """What happens to a value that its column's type can't hold."""

    QUARANTINE = "quarantine"
    """NULL, and the row is quarantined when the table's rules are applied."""
    NULL = "null"
    """NULL, and no more is said about it."""
    FAIL = "fail"
    """The run fails."""


def cast_columns(frame: DataFrame, schema: Schema, *, on_error: CastPolicy) -> DataFrame:
    """Return ``frame`` with the columns of ``schema`` cast to their types; the others stay as they are.

    A value is cast when the type holds it exactly, whatever the session's settings say. A whole number may be
    written with a zero fraction ("17850.0"); a fraction in text becomes the nearest double. With ``QUARANTINE``
    the result has the column CAST_ERRORS, NULL for good rows. With ``FAIL`` whatever reads the result fails where
    ``QUARANTINE`` would note an error, also where later steps leave the row or the column out.
    """
    groups = _groups(frame, cast_targets(schema))
    names = [quoted(name) for name in frame.columns if name != CAST_ERRORS]
    earlier = quoted(CAST_ERRORS) if CAST_ERRORS in frame.columns else None
    if not groups and on_error is not CastPolicy.QUARANTINE:
        return frame
    # Most values are found at once, by code that is compiled. The exact look, at all columns of a type together,
    # is only for rows where one was not. Projects stay apart, since each uses what the last one made twice.
    frame = frame.selectExpr("*", *(sql for group in groups for sql in group.quick()))
    frame = frame.selectExpr("*", *(group.exact() for group in groups))
    values = {quoted(name): sql for group in groups for name, sql in group.values()}
    columns = [values.get(name, name) for name in names]
    match on_error:
        case CastPolicy.NULL:
            return frame.selectExpr(*columns, *([earlier] if earlier else []))
        case CastPolicy.QUARANTINE:
            return frame.selectExpr(*columns, f"{_errors(groups, earlier)} AS {CAST_ERRORS}")
        case CastPolicy.FAIL:
            kept = [*columns, *([earlier] if earlier else [])]
            return _failing(frame.selectExpr(*kept, f"{_errors(groups, None)} AS {_FATAL}"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """Columns of one type that are cast to one type: they are looked at together."""

    number: int
    first: int
    """The position of its first column among all that are cast."""
    columns: Sequence[str]
    source: DataType
    target: CastTarget

    def quick(self) -> list[str]:
        """Return a column for each value that is found at once."""
        return [
            f"{self.target.quick(quoted(name), self.source)} AS {_QUICK.format(position)}"
            for position, name in enumerate(self.columns, self.first)
        ]

    def exact(self) -> str:
        """Return a column with all values of a row in which one was not found at once; NULL for other rows."""
        missing = " ".join(
            f"WHEN {_QUICK.format(position)} IS NULL AND {quoted(name)} IS NOT NULL THEN true"
            for position, name in enumerate(self.columns, self.first)
        )
        exact = f"transform({self._raw()}, x -> {self.target.exact('x', self.source)})"
        return f"CASE WHEN CASE {missing} ELSE false END THEN {exact} END AS {self._looked()}"

    def values(self) -> list[tuple[str, str]]:
        """Return the columns by name, each with its value."""
        return [
            (
                name,
                f"coalesce({_QUICK.format(self.first + at)}, get({self._looked()}, {at})) AS {quoted(name)}",
            )
            for at, name in enumerate(self.columns)
        ]

    def errors(self) -> str:
        """Return what could not be cast in a row; empty where all could."""
        names = f"get(array({', '.join(literal(name) for name in self.columns)}), i)"
        text = "substring(CAST(x AS STRING), 1, 100)"
        ending = literal(f"', which is no {self.target.text}")
        beginning = literal(" is '")
        message = f"concat({names}, {beginning}, {text}, {ending})"
        error = f"named_struct('rule', concat('cast(', {names}, ')'), 'message', {message})"
        lost = f"x IS NOT NULL AND get({self._looked()}, i) IS NULL"
        each = f"transform({self._raw()}, (x, i) -> CASE WHEN {lost} THEN {error} END)"
        found = f"filter({each}, e -> e IS NOT NULL)"
        return f"CASE WHEN {self._looked()} IS NOT NULL THEN {found} ELSE {_NO_ERRORS} END"

    def looked(self) -> str:
        """Return whether a row was looked at exactly."""
        return f"{self._looked()} IS NOT NULL"

    def _looked(self) -> str:
        return _EXACT.format(self.number)

    def _raw(self) -> str:
        return f"array({', '.join(quoted(name) for name in self.columns)})"


def _groups(frame: DataFrame, targets: Mapping[str, CastTarget]) -> list[_Group]:
    sources = {field.name: field.dataType for field in frame.schema.fields}
    by_types: dict[tuple[DataType, CastTarget], list[str]] = {}
    for name, target in targets.items():
        if sources[name] != target.type:
            by_types.setdefault((sources[name], target), []).append(name)
    groups: list[_Group] = []
    for (source, target), columns in by_types.items():
        first = sum(len(group.columns) for group in groups)
        groups.append(
            _Group(number=len(groups), first=first, columns=tuple(columns), source=source, target=target)
        )
    return groups


def _errors(groups: Sequence[_Group], earlier: str | None) -> str:
    found = [f"coalesce({earlier}, {_NO_ERRORS})"] if earlier else []
    found += [group.errors() for group in groups]
    looked = [f"{earlier} IS NOT NULL"] if earlier else []
    looked += [group.looked() for group in groups]
    if not found:
        return f"CAST(NULL AS {ERRORS_TYPE})"
    some = let("found", f"concat({', '.join(found)})", "CASE WHEN size(found) > 0 THEN found END")
    return f"CASE WHEN {' OR '.join(looked)} THEN {some} END"


def _failing(frame: DataFrame) -> DataFrame:
    """Raise on every row that carries an error: an observation sees each row, and nothing is moved past it."""
    fix = "Fix: correct the source, or let these rows be set aside with on_error='quarantine'."
    told = f"concat(get({_FATAL}, 0).rule, ': ', get({_FATAL}, 0).message, {literal('. ' + fix)})"
    seen = F.expr(f"count(CASE WHEN {_FATAL} IS NOT NULL THEN CAST(raise_error({told}) AS STRING) END)")
    return frame.observe(f"casts {uuid.uuid4().hex}", seen.alias("failed")).drop(_FATAL)
