"""A file's statistics from its Parquet footer (Delta PROTOCOL, "Per-file Statistics")."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lakehouse.delta_log.data_files.bounds import bound
from lakehouse.delta_log.data_files.leaves import Leaf, leaves_of

__all__ = ["statistics_from_footer"]

_encode = msgspec.json.Encoder().encode


def statistics_from_footer(
    footer: pq.FileMetaData,
    *,
    indexed: frozenset[tuple[str, ...]] | None = None,
    leaves: Sequence[Leaf] | None = None,
    rows: pa.Table | None = None,
) -> str:
    """Return the JSON text of ``add.stats``: rows, and for each indexed leaf its bounds and its nulls.

    A footer's bounds leave NaN out, while readers take NaN for the largest value. So a column of floats gets
    bounds only if ``rows``, the file's content, are there to be looked at.
    """
    if leaves is None:
        leaves = leaves_of(footer.schema.to_arrow_schema())
    smallest: dict[str, Any] = {}
    largest: dict[str, Any] = {}
    nulls: dict[str, Any] = {}
    groups = [footer.row_group(index) for index in range(footer.num_row_groups)]
    for leaf in leaves:
        if indexed is not None and leaf.path not in indexed:
            continue
        _set(nulls, leaf.path, _null_count(leaf, groups, rows))
        if not leaf.is_repeated and not _may_hold_nan(leaf, rows):
            low, high = _bounds(leaf, groups, rows)
            _set(smallest, leaf.path, low)
            _set(largest, leaf.path, high)
    return _encode(
        {"numRecords": footer.num_rows, "minValues": smallest, "maxValues": largest, "nullCount": nulls}
    ).decode()


def _null_count(leaf: Leaf, groups: Iterable[pq.RowGroupMetaData], rows: pa.Table | None) -> int | None:
    if leaf.is_repeated:
        return None if rows is None else _array(rows, leaf.path).null_count
    total = 0
    for group in groups:
        statistics = group.column(leaf.index).statistics
        if statistics is None or not statistics.has_null_count:
            return None
        total += statistics.null_count
    return total


def _bounds(leaf: Leaf, groups: Iterable[pq.RowGroupMetaData], rows: pa.Table | None) -> tuple[Any, Any]:
    lows, highs = [], []
    for group in groups:
        statistics = group.column(leaf.index).statistics
        if statistics is not None and statistics.has_min_max:
            lows.append(_comparable(statistics.min_raw, leaf.data_type))
            highs.append(_comparable(statistics.max_raw, leaf.data_type))
        elif statistics is None or statistics.null_count != group.num_rows:
            return _bounds_of_texts(leaf, rows)  # this row group may hold anything
    if not lows:
        return None, None
    low = bound(min(lows), leaf.data_type, is_max=False)
    return low, bound(max(highs), leaf.data_type, is_max=True)


def _bounds_of_texts(leaf: Leaf, rows: pa.Table | None) -> tuple[Any, Any]:
    # A footer has no bounds for texts of more than 4 KiB. Delta-rs, in its Arrow datasets, takes a missing bound
    # for one that no row can meet, so they are looked up.
    if rows is None or not pa.types.is_string(leaf.data_type):
        return None, None
    found = pc.min_max(_array(rows, leaf.path)).as_py()
    if found["min"] is None:
        return None, None
    low = bound(found["min"].encode(), leaf.data_type, is_max=False)
    return low, bound(found["max"].encode(), leaf.data_type, is_max=True)


def _comparable(raw: Any, data_type: pa.DataType) -> Any:
    # Decimals may be bytes, which don't compare as numbers do; UTF-8 does compare as its characters do.
    if isinstance(raw, bytes) and pa.types.is_decimal(data_type):
        return int.from_bytes(raw, "big", signed=True)
    return raw


def _may_hold_nan(leaf: Leaf, rows: pa.Table | None) -> bool:
    if not pa.types.is_floating(leaf.data_type):
        return False
    return rows is None or bool(pc.any(pc.is_nan(_array(rows, leaf.path))).as_py())


def _array(rows: pa.Table, path: tuple[str, ...]) -> pa.ChunkedArray:
    array = rows.column(path[0])
    for name in path[1:]:
        array = pc.struct_field(array, [name])
    return array


def _set(target: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    if value is None:
        return
    for name in path[:-1]:
        target = target.setdefault(name, {})
    target[path[-1]] = value
