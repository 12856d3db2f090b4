"""Lines of fixed places as columns, where every line is whole."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.ingestion.formats.plain.lines import check_spaces, line_array, trimmed, with_line_feeds
from lakehouse.ingestion.formats.plain.texts import typed_texts
from lakehouse.ingestion.formats.plain.unsure import Unsure, arrow_is_sure

__all__ = ["PlainPlaces"]

Place = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainPlaces:
    """Where columns stand in a line: the first character of each, from 0, and the one behind its last."""

    places: Mapping[str, Place]
    may_be_cut: Collection[Place]
    """Those within which a line may end."""

    def batch(self, block: bytes, columns: Mapping[str, pa.DataType]) -> pa.RecordBatch | None:
        """Return the columns of whole lines; None where only the exact rules tell."""
        try:
            with arrow_is_sure():
                return self._batch(with_line_feeds(block), columns)
        except Unsure:
            return None

    def _batch(self, block: bytes, columns: Mapping[str, pa.DataType]) -> pa.RecordBatch:
        check_spaces(block)
        lines = line_array(block)
        lines = lines.filter(pc.is_valid(trimmed(lines)))
        self._check_ends(lines)
        arrays = [
            typed_texts(trimmed(pc.utf8_slice_codeunits(lines, *self.places[name])), held, from_text=True)
            for name, held in columns.items()
        ]
        return pa.RecordBatch.from_arrays(arrays, names=list(columns))

    def _check_ends(self, lines: pa.Array) -> None:
        """Raise Unsure where a line ends within a column, or has more than columns."""
        lengths, width = pc.utf8_length(lines), max(stop for _, stop in self.places.values())
        behind = pc.utf8_slice_codeunits(lines.filter(pc.greater(lengths, width)), width)
        if trimmed(behind).null_count < len(behind):
            raise Unsure
        ends = lengths.unique().to_pylist()
        whole = [place for place in self.places.values() if place not in self.may_be_cut]
        if any(start < end < stop for start, stop in whole for end in ends):
            raise Unsure
