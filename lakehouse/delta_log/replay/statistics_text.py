"""Statistics as JSON text, for checkpoints that hold them only as a struct (``stats_parsed``)."""

from __future__ import annotations

import base64
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.delta_log.arrow_columns import column
from lakehouse.delta_log.replay.checkpoint_parquet import CheckpointParquet

__all__ = ["with_statistics_text"]


def with_statistics_text(rows: pa.Table, file: CheckpointParquet) -> pa.Table:
    """Fill ``stats`` from ``stats_parsed`` where the text is missing (``delta.checkpoint.writeStatsAsJson``)."""
    stats = rows.column("stats")
    if stats.null_count == 0 or not file.has_field("add", "stats_parsed"):
        return rows
    row_type = pa.struct([("path", pa.string()), ("stats_parsed", file.field_type("add", "stats_parsed"))])
    parsed = file.rows("add", row_type).column("stats_parsed")
    texts = pa.chunked_array([column([_text(value) for value in parsed.to_pylist()], pa.string())])
    index = rows.schema.get_field_index("stats")
    return rows.set_column(index, "stats", pc.coalesce(stats, texts))


def _text(statistics: dict[str, Any] | None) -> str | None:
    return None if statistics is None else msgspec.json.encode(_plain(statistics), enc_hook=_other).decode()


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items() if part is not None}
    if isinstance(value, datetime):
        return _timestamp(value)
    if isinstance(value, Decimal):
        return msgspec.Raw(format(value, "f").encode())
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value


def _timestamp(value: datetime) -> str:
    text = value.astimezone(UTC) if value.tzinfo else value
    suffix = "Z" if value.tzinfo else ""
    return text.strftime("%Y-%m-%dT%H:%M:%S.%f") + suffix


def _other(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else str(value)
