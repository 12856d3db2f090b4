"""The mathematics of layouts, against what can be counted by hand."""

from __future__ import annotations

import datetime as dt
import itertools
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.optimization.layouts.curves import Curve, hilbert, z_order
from lakehouse.optimization.layouts.ordering import ordering_of, placement_of
from lakehouse.optimization.layouts.point_queries import PointQueries, Range, probes_of

RANGES = st.lists(
    st.one_of(
        st.none(), st.tuples(st.integers(0, 9), st.integers(0, 9)).map(lambda ends: tuple(sorted(ends)))
    ),
    max_size=9,
)


def cells(columns: int, bits: int) -> list[np.ndarray]:
    """Return all points of a cube, a column an array."""
    every = list(itertools.product(range(1 << bits), repeat=columns))
    return [np.array([cell[column] for cell in every], dtype=np.uint64) for column in range(columns)]


@pytest.mark.parametrize("curve", [hilbert, z_order])
@pytest.mark.parametrize(("columns", "bits"), [(2, 1), (2, 4), (3, 3), (4, 2)])
def test_a_curve_meets_every_point_once(curve: Curve, columns: int, bits: int) -> None:
    places = curve(cells(columns, bits), bits)
    assert sorted(places.tolist()) == list(range(1 << (columns * bits)))


@pytest.mark.parametrize(("columns", "bits"), [(2, 1), (2, 5), (3, 3), (4, 2)])
def test_on_the_hilbert_curve_the_next_point_is_one_step_away_in_one_column(columns: int, bits: int) -> None:
    axes = cells(columns, bits)
    order = np.argsort(hilbert(axes, bits))
    steps = sum(np.abs(np.diff(axis[order].astype(np.int64))) for axis in axes)
    assert steps.tolist() == [1] * (len(order) - 1)


def test_the_z_curve_takes_bits_in_turn() -> None:
    x, y = np.array([0b101], dtype=np.uint64), np.array([0b011], dtype=np.uint64)
    assert z_order([x, y], 3).tolist() == [0b100111]


@given(RANGES, st.integers(-1, 10))
def test_a_query_reads_the_files_whose_range_holds_its_value(ranges: list[Range], value: int) -> None:
    sizes = [10**number for number in range(len(ranges))]
    read = [
        size for each, size in zip(ranges, sizes, strict=True) if each is None or each[0] <= value <= each[1]
    ]
    load = PointQueries(ranges, sizes).load_of(value)
    assert (load.files, load.size_bytes) == (len(read), sum(read))


@given(RANGES, st.integers(1, 70))
def test_values_to_ask_for_lie_in_files_and_are_not_too_many(ranges: list[Range], most: int) -> None:
    known = [each for each in ranges if each is not None]
    probes = probes_of(ranges, most=most)
    assert all(any(low <= probe <= high for low, high in known) for probe in probes)
    assert len(probes) <= most
    assert bool(probes) == bool(known)


@given(st.tuples(st.integers(-(2**63), 2**63 - 1), st.integers(-(2**63), 2**63 - 1)).map(sorted))
def test_values_to_ask_for_are_exact_however_large_they_are(ends: list[int]) -> None:
    low, high = ends
    assert all(low <= probe <= high for probe in probes_of([(low, high)]))


def test_one_column_is_sorted() -> None:
    rows = pa.table({"x": [3, None, 1, 2, 1]})
    assert rows.take(ordering_of(rows, [("x",)], rows_of_a_file=2).indices)["x"].to_pylist() == [
        1,
        1,
        2,
        3,
        None,
    ]


def test_columns_that_go_together_are_sorted_and_others_follow_a_curve() -> None:
    random = np.random.default_rng(3)
    day = np.repeat(np.arange(4_096), 1)
    together = pa.table({"day": day, "number": day * 10})
    apart = pa.table({"x": random.integers(0, 4_096, 4_096), "y": random.integers(0, 4_096, 4_096)})
    linear = ordering_of(together, [("day",), ("number",)], rows_of_a_file=64)
    curve = ordering_of(apart, [("x",), ("y",)], rows_of_a_file=64)
    assert (linear.name, linear.files_of_a_point) == ("linear", 1)
    assert curve.name in ("hilbert", "z-order")
    assert curve.files_of_a_point < 16  # of 64 files; the eighth part is what a curve can do


def test_fields_of_structs_are_columns_too() -> None:
    rows = pa.table({"s": [{"a": 2}, {"a": 1}, None]})
    assert ordering_of(rows, [("s", "a")], rows_of_a_file=1).indices.tolist() == [1, 0, 2]


@pytest.mark.parametrize(
    "values",
    [
        ["b", None, "a", "é", "b", "", None],
        [3.5, -1.0, None, 2.25, 0.0],
        [dt.date(2024, 5, 1), None, dt.date(1969, 1, 1)],
        [True, False, None],
        [Decimal("1.10"), None, Decimal("-7.00"), Decimal("0.00")],
    ],
)
def test_a_place_follows_the_values_and_nulls_come_last(values: list[Any]) -> None:
    rows = pa.table({"x": values})
    places = placement_of(rows, [("x",)], file_count=1).places(rows)
    found = [values[number] for number in np.argsort(places, kind="stable")]
    assert found == [*sorted(value for value in values if value is not None), *[None] * values.count(None)]


def test_places_that_a_sample_gives_cut_all_rows_into_files_that_few_queries_open() -> None:
    random = np.random.default_rng(5)
    rows = pa.table({name: random.integers(0, 100_000, 8_000) for name in ("x", "y")})
    placement = placement_of(rows.slice(0, 800), [("x",), ("y",)], file_count=16)
    order = np.argsort(placement.places(rows), kind="stable")
    opened = []
    for name in ("x", "y"):
        parts = np.array_split(rows[name].to_numpy()[order], 16)
        opened += [
            sum(part.min() <= value <= part.max() for part in parts) for value in range(0, 100_000, 5_000)
        ]
    assert np.mean(opened) < 7
