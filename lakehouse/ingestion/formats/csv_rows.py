"""Rows of CSV as Arrow batches: columns by their names in the header, and what they don't cover."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa

from lakehouse.ingestion.formats.csv_dialect import CsvDialect, CsvRow
from lakehouse.ingestion.formats.rescue import rescued

__all__ = ["CsvRows"]

_BATCH_CHARACTERS = 4 << 20
_BATCH_ROWS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvRows:
    """Reads rows exactly as they were inspected."""

    columns: Sequence[str]
    dialect: CsvDialect
    header: Sequence[str]
    """The names of the file's fields, in order."""

    def batches(self, content: Iterable[bytes], *, begins_file: bool = True) -> Iterator[pa.RecordBatch]:
        """Yield the columns as strings, and ``_rescued_data``; a field that is empty is NULL."""
        rows = self.dialect.rows(self.dialect.utf8(content), first_line=1 if begins_file else 2)
        if begins_file and not self.dialect.header:
            next(rows, None)
        for some in _batches(rows):
            yield self._batch(some)

    def _batch(self, rows: Sequence[CsvRow]) -> pa.RecordBatch:
        header, width = self.header, len(self.header)
        values = zip(*(self._padded(row.fields) for row in rows), strict=True)
        by_name = dict(zip(header, values, strict=True))
        nothing = [None] * len(rows)
        extra = [name for name in header if name not in self.columns]
        rescue = [
            rescued(
                {name: by_name[name][at] for name in extra}, row.text if len(row.fields) != width else None
            )
            for at, row in enumerate(rows)
        ]
        arrays = [pa.array(by_name.get(name, nothing), pa.string()) for name in self.columns]
        names = [*self.columns, "_rescued_data"]
        return pa.RecordBatch.from_arrays([*arrays, pa.array(rescue, pa.string())], names=names)

    def _padded(self, fields: list[str]) -> list[str | None]:
        width = len(self.header)
        values = [self.dialect.value(field) for field in fields[:width]]
        return values + [None] * (width - len(values))


def _batches(rows: Iterator[CsvRow]) -> Iterator[Sequence[CsvRow]]:
    some: list[CsvRow] = []
    characters = 0
    for row in rows:
        some.append(row)
        characters += len(row.text)
        if len(some) == _BATCH_ROWS or characters >= _BATCH_CHARACTERS:
            yield some
            some, characters = [], 0
    if some:
        yield some
