"""The same three records as files of every format, and what a format makes of a file."""

from __future__ import annotations

import io
import json
from typing import Any

import pyarrow as pa

from lakehouse.ingestion import Accepted, FileFormat, Inspection, Rejected


def inspected(file_format: FileFormat, body: bytes, name: str = "a") -> Inspection:
    return file_format.inspect(io.BytesIO(body), name=name)


def reason_of(file_format: FileFormat, body: bytes, name: str = "a") -> str:
    verdict = inspected(file_format, body, name)
    assert isinstance(verdict, Rejected), verdict
    return verdict.reason


def rows_of(file_format: FileFormat, body: bytes, name: str = "a") -> list[dict[str, Any]]:
    """Return the rows of a file that is accepted."""
    found = inspected(file_format, body, name)
    assert isinstance(found, Accepted), found
    batches = list(file_format.batches(io.BytesIO(body), name=name, found=found))
    for batch in batches:
        assert batch.schema.types == [*file_format.arrow_columns().values(), pa.string()]
    return [row for batch in batches for row in batch.to_pylist()]


def rescued_of(row: dict[str, Any]) -> Any:
    return json.loads(row["_rescued_data"] or "{}")
