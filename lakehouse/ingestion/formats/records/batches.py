"""Records become Arrow batches: each column by its name, what does not fit as JSON in ``_rescued_data``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from lakehouse.ingestion.formats.records.json_text import json_text
from lakehouse.ingestion.formats.records.values import Convert, Losses, UnfitValue, converter
from lakehouse.ingestion.formats.rescue import MALFORMED_ROW

__all__ = ["RESCUED_DATA", "Record", "UnfitValues", "batches_of"]

_BATCH_ROWS = 10_000
_BATCH_BYTES = 8 << 20
RESCUED_DATA = "_rescued_data"


@dataclass(slots=True)
class Record:
    """One record as its format reads it."""

    values: Mapping[str, Any]
    size_bytes: int
    """About how much it holds."""
    texts: Callable[[], Mapping[str, str]] | None = None
    """Gives each value as JSON, as it stands in the file; without it the values are written as JSON."""
    malformed: str | None = None
    """The whole text, where it is no record: then there are no values."""
    fault: str = ""
    """Why it is no record."""


def batches_of(
    records: Iterable[Record],
    columns: Mapping[str, pa.DataType],
    *,
    from_text: bool = False,
    keeps_unfit: bool = True,
) -> Iterator[pa.RecordBatch]:
    """Yield the columns and ``_rescued_data``, in that order, some thousand rows at a time.

    A value that does not fit its type is NULL, as is the part of a nested value that does not. In both cases
    ``_rescued_data`` has the whole value, as it has the values of further keys; without ``keeps_unfit`` it has
    neither.
    """
    rows = _Rows(columns, from_text=from_text, keeps_unfit=keeps_unfit)
    for record in records:
        rows.add(record)
        if rows.is_full:
            yield rows.taken()
    if rows.count:
        yield rows.taken()


class UnfitValues:
    """Finds the values that do not fit their columns, whole or in part. A string takes any value."""

    def __init__(self, columns: Mapping[str, pa.DataType], *, from_text: bool) -> None:
        self._losses = Losses()
        self._converters = {
            name: converter(held, self._losses, from_text=from_text)
            for name, held in columns.items()
            if not pa.types.is_string(held)
        }

    def of(self, values: Mapping[str, Any]) -> list[str]:
        """Return the names of those in one record."""
        return [
            name
            for name, convert in self._converters.items()
            if (value := values.get(name)) is not None and not self._fits(convert, value)
        ]

    def _fits(self, convert: Convert, value: Any) -> bool:
        self._losses.any = False
        try:
            convert(value)
        except UnfitValue:
            return False
        return not self._losses.any


class _Rows:
    def __init__(self, columns: Mapping[str, pa.DataType], *, from_text: bool, keeps_unfit: bool) -> None:
        self._keeps_unfit = keeps_unfit
        self._losses = Losses()
        self._types = columns
        self._converters = {
            name: (pa.types.is_string(held), converter(held, self._losses, from_text=from_text))
            for name, held in columns.items()
        }
        self._clear()

    @property
    def is_full(self) -> bool:
        return self.count >= _BATCH_ROWS or self._bytes >= _BATCH_BYTES

    def add(self, record: Record) -> None:
        self.count += 1
        self._bytes += record.size_bytes
        values, texts = record.values, None
        lost: list[str] = []
        for name, (is_text, convert) in self._converters.items():
            value = values.get(name)
            if value is None:
                self._values[name].append(None)
                continue
            if is_text and type(value) is not str and record.texts is not None:
                texts = texts or record.texts()
                value = texts[name]
            self._values[name].append(self._converted(convert, name, value, lost))
        if len(values) > len(self._types) or not values.keys() <= self._types.keys():
            lost += [name for name, value in values.items() if name not in self._types and value is not None]
        if not self._keeps_unfit:
            lost = []
        if lost or record.malformed is not None:
            self._rescued.append(_rescue(record, lost, texts))
        else:
            self._rescued.append(None)

    def taken(self) -> pa.RecordBatch:
        arrays = [pa.array(self._values[name], held) for name, held in self._types.items()]
        batch = pa.RecordBatch.from_arrays(
            [*arrays, pa.array(self._rescued, pa.string())], names=[*self._types, RESCUED_DATA]
        )
        self._clear()
        return batch

    def _converted(self, convert: Convert, name: str, value: Any, lost: list[str]) -> Any:
        self._losses.any = False
        try:
            converted = convert(value)
        except UnfitValue:
            lost.append(name)
            return None
        if self._losses.any:
            lost.append(name)
        return converted

    def _clear(self) -> None:
        self.count = 0
        self._bytes = 0
        self._values: dict[str, list[Any]] = {name: [] for name in self._types}
        self._rescued: list[str | None] = []


def _rescue(record: Record, names: Iterable[str], texts: Mapping[str, str] | None) -> str:
    if texts is None and record.texts is not None:
        texts = record.texts()
    known = texts if texts is not None else {}
    kept = [
        f"{json_text(name)}:{known[name] if name in known else json_text(record.values[name])}"
        for name in names
    ]
    if record.malformed is not None:
        kept.append(f"{json_text(MALFORMED_ROW)}:{json_text(record.malformed)}")
    return _storable("{" + ",".join(kept) + "}")


def _storable(text: str) -> str:
    """Return a text that UTF-8 can hold: half a surrogate pair, which JSON can name, becomes its escape."""
    return text.encode("utf-8", "backslashreplace").decode() if not text.isascii() else text
