"""Failed requests as one Parquet file, in the columns that a quarantine shows."""

from __future__ import annotations

import io
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from lakehouse.ingestion.rest.fetching import FailedRequest

__all__ = ["FAILURE_SCHEMA", "failure_file"]

FAILURE_SCHEMA = pa.schema(
    [
        ("_source_url", pa.string()),
        ("_status", pa.int32()),
        ("_attempts", pa.int32()),
        ("_payload", pa.string()),
        ("reason", pa.string()),
    ]
)


def failure_file(failures: Sequence[FailedRequest]) -> bytes:
    """Return the file of these failures."""
    table = pa.table(
        {
            "_source_url": [each.url for each in failures],
            "_status": [each.status for each in failures],
            "_attempts": [each.attempts for each in failures],
            "_payload": [each.payload for each in failures],
            "reason": [each.reason for each in failures],
        },
        schema=FAILURE_SCHEMA,
    )
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd")
    return sink.getvalue()
