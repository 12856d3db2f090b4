"""Parquet, read by Arrow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, ClassVar

import pyarrow as pa
import pyarrow.parquet as pq

from lakehouse.ingestion.formats.columnar import ColumnarFormat
from lakehouse.words import word

__all__ = ["ParquetFormat"]

_BATCH_ROWS = 10_000


@word("parquet")
@dataclass(frozen=True, slots=True, kw_only=True)
class ParquetFormat(ColumnarFormat):
    """Parquet: columns by name, whatever their order and their ids are. All pages are decoded in the inspection."""

    kind: ClassVar[str] = "Parquet"

    def open(self, file: BinaryIO) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
        parquet = pq.ParquetFile(file, page_checksum_verification=True)
        return parquet.schema_arrow, parquet.iter_batches(batch_size=_BATCH_ROWS, use_threads=False)
