"""ORC, read by Arrow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, ClassVar

import pyarrow as pa
import pyarrow.orc as orc

from lakehouse.ingestion.formats.columnar import ColumnarFormat
from lakehouse.words import word

__all__ = ["OrcFormat"]


@word("orc")
@dataclass(frozen=True, slots=True, kw_only=True)
class OrcFormat(ColumnarFormat):
    """ORC: columns by name. All stripes are decoded in the inspection."""

    kind: ClassVar[str] = "ORC"

    def open(self, file: BinaryIO) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
        found = orc.ORCFile(file)
        return found.schema, (found.read_stripe(at) for at in range(found.nstripes))
