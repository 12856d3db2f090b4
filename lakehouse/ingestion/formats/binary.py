"""Files of any kind: each is one row with its bytes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import pyarrow as pa

from lakehouse.ingestion.errors import InvalidFormatError, UnreadableFileError
from lakehouse.ingestion.formats.content import FileContent
from lakehouse.ingestion.formats.portable import Findings, PortableFormat
from lakehouse.ingestion.formats.records import Columns, Record, batches_of
from lakehouse.words import word

__all__ = ["BinaryFormat"]

_COLUMNS: Columns = (("content", "binary"), ("length", "bigint"))
_MOST_BYTES = 1 << 30


@word("binary")
@dataclass(frozen=True, slots=True, kw_only=True)
class BinaryFormat(PortableFormat):
    """A file as it lies there, compressed or not: its bytes in ``content``, how many they are in ``length``."""

    unit: ClassVar[str] = "file"

    columns: Columns = _COLUMNS

    def _problems_of_options(self) -> Sequence[InvalidFormatError]:
        if self.columns == _COLUMNS:
            return ()
        problem = f"binary files have the columns 'content' and 'length', not {list(dict(self.columns))}"
        return [InvalidFormatError(problem=problem, fix="leave the columns out.")]

    @property
    def _expects_text(self) -> bool:
        return False

    def look(self, content: FileContent) -> Findings:
        size_bytes = 0
        for chunk in content.as_it_lies():
            size_bytes += len(chunk)
            _check(size_bytes)
        return Findings(names={"content", "length"}, records=1)

    def rows_of(self, content: FileContent) -> Iterator[pa.RecordBatch]:
        body = b"".join(content.as_it_lies())
        _check(len(body))
        record = Record({"content": body, "length": len(body)}, len(body))
        return batches_of([record], self.arrow_columns())


def _check(size_bytes: int) -> None:
    if size_bytes > _MOST_BYTES:
        raise UnreadableFileError(f"it is larger than {_MOST_BYTES} bytes, which a row can't hold")
