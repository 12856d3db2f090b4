"""Statistics are never too narrow, whatever the values: a reader that skips by them misses no row."""

from __future__ import annotations

import datetime as dt
import json
import math
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse.delta_log.data_files import statistics_from_footer
from lakehouse.delta_log.data_files.bounds import bound

TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=50),
    st.text("\U0010ffffa", max_size=80),
    st.text("z", min_size=30, max_size=40),
)


def statistics(values: list[Any], kind: pa.DataType, *, with_rows: bool = True) -> dict[str, Any]:
    rows = pa.table({"v": pa.array(values, kind)})
    sink = pa.BufferOutputStream()
    footers: list[pq.FileMetaData] = []
    pq.write_table(rows, sink, metadata_collector=footers, row_group_size=3)
    return json.loads(
        statistics_from_footer(footers[0], rows=rows if with_rows else None),
        parse_float=Decimal,
        parse_int=Decimal,
    )


@settings(deadline=None)
@given(st.lists(st.none() | TEXTS, min_size=1, max_size=8))
def test_texts_lie_within_their_bounds_by_their_bytes(values: list[str | None]) -> None:
    found = statistics(values, pa.string())
    assert found["nullCount"]["v"] == values.count(None)
    for text in filter(None, values):
        assert found["minValues"]["v"].encode() <= text.encode() <= found["maxValues"]["v"].encode()


@settings(deadline=None)
@given(st.text("\U0010ffffz", min_size=33, max_size=70))
def test_a_cut_text_is_short_where_it_can_be(text: str) -> None:
    largest = bound(text.encode(), pa.string(), is_max=True)
    assert len(bound(text.encode(), pa.string(), is_max=False)) == 32
    assert largest >= text
    assert largest == text or len(largest) <= len(text)


@settings(deadline=None)
@given(st.lists(st.none() | st.floats(), min_size=1, max_size=8))
def test_numbers_lie_within_their_bounds_and_nan_is_above_all(values: list[float | None]) -> None:
    found = statistics(values, pa.float64())
    numbers = [value for value in values if value is not None]
    if any(map(math.isnan, numbers)):
        assert "v" not in found["minValues"]
        assert "v" not in found["maxValues"]
        return
    for number in numbers:
        assert float(found["minValues"].get("v", -math.inf)) <= number
        assert float(found["maxValues"].get("v", math.inf)) >= number


@settings(deadline=None)
@given(st.lists(st.datetimes() | st.none(), min_size=1, max_size=8), st.sampled_from([None, "UTC"]))
def test_moments_lie_within_bounds_of_whole_milliseconds(
    values: list[dt.datetime | None], zone: str | None
) -> None:
    moments = [value if value is None or zone is None else value.replace(tzinfo=dt.UTC) for value in values]
    found = statistics(moments, pa.timestamp("us", tz=zone))
    for moment in filter(None, values):
        low, high = found["minValues"]["v"], found["maxValues"].get("v")
        assert low.endswith("Z") == (zone is not None)
        assert low.removesuffix("Z") <= moment.isoformat(timespec="milliseconds")
        if high is not None:
            assert high.removesuffix("Z") >= moment.isoformat(timespec="microseconds")[:-3]
            top = dt.datetime.fromisoformat(high.removesuffix("Z"))
            assert top >= moment
            assert top.microsecond % 1_000 == 0


@settings(deadline=None)
@given(st.lists(st.dates() | st.none(), min_size=1, max_size=8))
def test_days_lie_within_their_bounds_in_every_century(values: list[dt.date | None]) -> None:
    found = statistics(values, pa.date32())
    for day in filter(None, values):
        assert found["minValues"]["v"] <= day.isoformat() <= found["maxValues"]["v"]


@pytest.mark.parametrize(("precision", "scale"), [(5, 2), (18, 0), (38, 10), (38, 38), (9, 9)])
@settings(deadline=None)
@given(data=st.data())
def test_decimals_keep_every_digit(precision: int, scale: int, data: st.DataObject) -> None:
    units = data.draw(st.lists(st.integers(-(10**precision) + 1, 10**precision - 1), min_size=1, max_size=8))
    values = [Decimal(f"{unit}e-{scale}") for unit in units]
    found = statistics(values, pa.decimal128(precision, scale))
    assert Decimal(str(found["minValues"]["v"])) == min(values)
    assert Decimal(str(found["maxValues"]["v"])) == max(values)


@settings(deadline=None)
@given(st.lists(st.none() | st.fixed_dictionaries({"n": st.none() | st.integers(-5, 5)}), min_size=1))
def test_fields_of_a_struct_are_counted_as_null_with_it(values: list[dict[str, int | None] | None]) -> None:
    found = statistics(values, pa.struct([("n", pa.int64())]))
    numbers = [value["n"] for value in values if value is not None]
    assert found["nullCount"]["v"]["n"] == sum(n is None for n in numbers) + values.count(None)
    present = [n for n in numbers if n is not None]
    assert found["minValues"].get("v", {}).get("n") == min(present, default=None)


def test_floats_have_no_bounds_where_only_the_footer_was_read() -> None:
    found = statistics([1.0, 2.0], pa.float64(), with_rows=False)
    assert found["minValues"] == found["maxValues"] == {}
    assert found["nullCount"] == {"v": 0}


def test_a_text_that_is_too_long_for_a_footer_has_bounds_from_the_rows(tmp_path: Path) -> None:
    found = statistics(["z" * 5_000, "y" * 5_000], pa.string())
    assert found["minValues"]["v"] == "y" * 32
    assert found["maxValues"]["v"] == "z" * 32 + "\U0010ffff"


def test_lists_and_maps_are_counted_by_row() -> None:
    found = statistics([None, [], [None, 1]], pa.list_(pa.int64()))
    assert found == {"numRecords": 3, "minValues": {}, "maxValues": {}, "nullCount": {"v": 1}}
