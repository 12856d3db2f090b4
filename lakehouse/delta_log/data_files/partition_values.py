"""Partition values as actions spell them (Delta PROTOCOL, "Partition Value Serialization")."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.delta_log.arrow_columns import column
from lakehouse.delta_log.errors import MalformedLogError
from lakehouse.delta_log.schema import DataType, PrimitiveType, arrow_type

__all__ = ["parse_partition_values", "serialize_partition_value", "texts_of_column"]

_ZONE = re.compile(r"(Z|[+-][0-9]{2}:?[0-9]{2})$")


def texts_of_column(partition_values: pa.ChunkedArray, physical_name: str) -> pa.ChunkedArray:
    """Return one column's texts out of the maps of a table of files; null where a map lacks it."""
    key = column([physical_name], pa.string())[0]
    return pc.map_lookup(partition_values, query_key=key, occurrence="first")


def parse_partition_values(texts: Sequence[str | None], data_type: DataType, *, source: str) -> pa.Array:
    """Return the values in the column's type; None and "" become null. Raises MalformedLogError.

    Timestamps without a zone count as UTC.
    """
    distinct = list(dict.fromkeys(text or None for text in texts))
    numbers = {text: index for index, text in enumerate(distinct)}
    parsed = _parse(distinct, data_type, source)
    return parsed.take(column([numbers[text or None] for text in texts], pa.int32()))


def _parse(texts: Sequence[str | None], data_type: DataType, source: str) -> pa.Array:
    if not isinstance(data_type, PrimitiveType):
        raise MalformedLogError(source=source, reason=f"a partition column has the type {data_type}")
    wanted = arrow_type(data_type)
    if data_type.name == "timestamp":
        texts = [None if text is None else text if _ZONE.search(text) else f"{text}Z" for text in texts]
    elif data_type.name == "timestamp_ntz":
        texts = [None if text is None else text.removesuffix("Z") for text in texts]
    try:
        return column(texts, pa.string()).cast(wanted)
    except pa.ArrowException as error:
        reason = f"a partition value can't be read as {data_type.name}: {error}"
        raise MalformedLogError(source=source, reason=reason) from error


def serialize_partition_value(value: Any, data_type: DataType) -> str | None:
    """Return a value as an action spells it; None for null, and for the empty string, which reads as null."""
    if value is None or value in ("", b""):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _float_text(value)
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return _timestamp_text(value, with_zone=data_type == PrimitiveType("timestamp"))
    return value.isoformat() if isinstance(value, date) else str(value)


def _float_text(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return repr(value)


def _timestamp_text(value: datetime, *, with_zone: bool) -> str:
    if not with_zone:
        return value.replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")
    moment = value.astimezone(UTC) if value.tzinfo else value
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
