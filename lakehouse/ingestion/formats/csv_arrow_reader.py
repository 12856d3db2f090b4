"""Plain CSV read by Arrow: quick, and only where every reader gives the same rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import pyarrow as pa
import pyarrow.csv as pacsv

from lakehouse.storage import buffered_stream

__all__ = ["OddRow", "plain_batches"]

_BLOCK_BYTES = 8 << 20


class OddRow(Exception):  # noqa: N818 - a signal within this package
    """A row has more or fewer fields than the header: only the exact reader keeps it."""


def plain_batches(
    content: Iterable[bytes], *, columns: Sequence[str], header: Sequence[str], delimiter: str
) -> Iterator[pa.RecordBatch]:
    """Yield what the exact reader yields of a plain file without other columns. Raises OddRow."""
    strings = dict.fromkeys(header, pa.string())
    names = [*columns, "_rescued_data"]
    try:
        reader = pacsv.open_csv(
            pa.PythonFile(buffered_stream(content), mode="r"),
            read_options=pacsv.ReadOptions(
                use_threads=False, block_size=_BLOCK_BYTES, column_names=list(header), skip_rows=1
            ),
            parse_options=pacsv.ParseOptions(delimiter=delimiter),
            convert_options=pacsv.ConvertOptions(
                column_types=strings,
                include_columns=list(columns),
                include_missing_columns=True,
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
                null_values=[""],
            ),
        )
        for batch in reader:
            arrays = [column.cast(pa.string()) for column in batch.columns]
            nothing = pa.nulls(batch.num_rows, pa.string())
            yield pa.RecordBatch.from_arrays([*arrays, nothing], names=names)
    except pa.ArrowInvalid as error:
        raise OddRow from error
