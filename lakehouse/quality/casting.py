"""Text into types, without losing a value in silence: what can't be cast is noted on its row."""

from __future__ import annotations

from enum import StrEnum

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, DecimalType, IntegralType, StringType, StructField, StructType

from lakehouse.tables import quoted

__all__ = ["CAST_ERRORS", "CastPolicy", "cast_columns"]

CAST_ERRORS = "_cast_errors"
"""The column that carries what could not be cast (array of struct: rule, message) to the table's rules."""

_WIDEST = DecimalType(38, 18)
_LONGEST_NUMBER = 100
"""Characters of a number in text, zeros and spaces included; a longer one is none."""


class CastPolicy(StrEnum):
    """What happens to a value that its column's type can't hold."""

    QUARANTINE = "quarantine"
    """NULL, and the row is quarantined when the table's rules are applied."""
    NULL = "null"
    """NULL, and no more is said about it."""
    FAIL = "fail"
    """The run fails."""


def cast_columns(frame: DataFrame, schema: StructType, *, on_error: CastPolicy) -> DataFrame:
    """Return ``frame`` with the columns of ``schema`` cast to their types; the others stay as they are.

    A whole number may be written with a zero fraction ("17850.0"); a decimal must fit without losing digits.
    With ``QUARANTINE`` the result has the column CAST_ERRORS, NULL for good rows.
    """
    changed = [field for field in schema.fields if frame.schema[field.name].dataType != field.dataType]
    typed = {field.name: _typed(frame, field, on_error) for field in changed}
    if on_error is CastPolicy.QUARANTINE:
        typed[CAST_ERRORS] = _errors(frame, changed, typed)
    return frame.withColumns(typed)


def _typed(frame: DataFrame, field: StructField, on_error: CastPolicy) -> Column:
    raw = frame[quoted(field.name)]
    if on_error is CastPolicy.FAIL:
        return raw.cast(field.dataType)
    if not isinstance(frame.schema[field.name].dataType, StringType):
        return raw.try_cast(field.dataType)
    if isinstance(field.dataType, IntegralType):
        return F.coalesce(raw.try_cast(field.dataType), _whole(raw, field.dataType))
    if isinstance(field.dataType, DecimalType):
        decimal = _exact(raw, field.dataType)
        return F.when(decimal == _exact(raw, _WIDEST), decimal)
    return raw.try_cast(field.dataType)


def _whole(raw: Column, type_: DataType) -> Column:
    exact = _exact(raw, _WIDEST)
    return F.when(exact == F.floor(exact), exact.try_cast(type_))


def _exact(raw: Column, type_: DecimalType) -> Column:
    # Spark parses all digits before it counts them, which takes minutes for a few megabytes of them.
    return F.when(F.length(raw) <= _LONGEST_NUMBER, raw.try_cast(type_))


def _errors(frame: DataFrame, changed: list[StructField], typed: dict[str, Column]) -> Column:
    failed = {field.name: _failed(frame, field, typed[field.name]) for field in changed}
    earlier = F.col(CAST_ERRORS) if CAST_ERRORS in frame.columns else None
    if not failed:
        return F.lit(None).cast("array<struct<rule:string,message:string>>") if earlier is None else earlier
    messages = [F.when(failed[field.name], _message(frame, field)) for field in changed]
    found = F.filter(F.array(*messages), lambda message: message.isNotNull())
    if earlier is not None:
        return F.coalesce(F.concat(earlier, found), earlier, F.when(_any(failed), found))
    return F.when(_any(failed), found)


def _failed(frame: DataFrame, field: StructField, typed: Column) -> Column:
    return frame[quoted(field.name)].isNotNull() & typed.isNull()


def _any(failed: dict[str, Column]) -> Column:
    first, *others = failed.values()
    for other in others:
        first = first | other
    return first


def _message(frame: DataFrame, field: StructField) -> Column:
    shown = F.substring(frame[quoted(field.name)].cast("string"), 1, 100)
    text = F.concat(
        F.lit(f"{field.name} is '"), shown, F.lit(f"', which is no {field.dataType.simpleString()}")
    )
    return F.struct(F.lit(f"cast({field.name})").alias("rule"), text.alias("message"))
