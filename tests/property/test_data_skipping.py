"""Skipping files never loses a row: what the skipped ones hold is asked of pyarrow, row by row."""

from __future__ import annotations

import json
import math
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import deltalake
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse.delta_log import Snapshot
from lakehouse.delta_log.errors import InvalidPredicateError, NoSuchColumnError
from lakehouse.delta_log.scan import And, Comparison, IsIn, IsNull, Not, Or, Predicate, col, may_match
from lakehouse.delta_log.schema import PrimitiveType, StructField, StructType, delta_schema

TYPES: dict[str, tuple[pa.DataType, st.SearchStrategy]] = {
    "i": (pa.int32(), st.integers(-4, 4)),
    "f": (pa.float64(), st.sampled_from([-1.0, -0.0, 0.0, 1.5, math.inf, -math.inf, math.nan])),
    "s": (pa.string(), st.sampled_from(["", "a", "ab", "b", "é", "\U0001f600"])),
    "d": (pa.date32(), st.dates(date(1500, 1, 1), date(1500, 1, 4))),
    "t": (
        pa.timestamp("us", tz="UTC"),
        st.integers(0, 3000).map(lambda us: datetime(2000, 1, 1) + timedelta(microseconds=us)),
    ),
    "n": (pa.decimal128(5, 2), st.decimals(-1, 1, places=2)),
    "b": (pa.bool_(), st.booleans()),
    "p": (pa.int32(), st.integers(0, 2)),
}
SCHEMA = delta_schema(pa.schema([(name, data_type) for name, (data_type, _) in TYPES.items()]), table="t")


def text(value: Any) -> Any:
    """Return a value as Delta's statistics spell it: timestamps are cut to milliseconds."""
    if isinstance(value, datetime):
        return (
            value.replace(microsecond=value.microsecond // 1000 * 1000).isoformat(timespec="milliseconds")
            + "Z"
        )
    if isinstance(value, date):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else value


def statistics(rows: list[dict[str, Any]], *, as_spark: bool = False) -> str:
    """Write the statistics of rows as the protocol says, out of plain Python; for Spark, NaN is the largest."""
    found: dict[str, Any] = {"numRecords": len(rows), "minValues": {}, "maxValues": {}, "nullCount": {}}
    for name in TYPES:
        values = [row[name] for row in rows if row[name] is not None]
        found["nullCount"][name] = len(rows) - len(values)
        numbers = [v for v in values if not (isinstance(v, float) and math.isnan(v))]
        if numbers and not any(isinstance(v, float) and math.isinf(v) for v in numbers):
            found["minValues"][name], found["maxValues"][name] = text(min(numbers)), text(max(numbers))
        if as_spark and len(numbers) < len(values):
            found["maxValues"][name] = "NaN"
            found["minValues"].setdefault(name, "NaN")
    return json.dumps(found)


@st.composite
def leaves(draw: st.DrawFn) -> Predicate:
    name = draw(st.sampled_from([*TYPES]))
    values = TYPES[name][1]
    if name == "t":
        values = values.map(lambda moment: moment.astimezone())
    operator = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
    compared = st.builds(Comparison, st.just((name,)), operator, values)
    chosen = st.builds(IsIn, st.just((name,)), st.lists(values, max_size=3).map(tuple))
    return draw(st.one_of(compared, chosen, st.just(IsNull((name,)))))


PREDICATES = st.recursive(
    leaves(),
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(And, st.lists(inner, min_size=1, max_size=3).map(tuple)),
        st.builds(Or, st.lists(inner, min_size=1, max_size=3).map(tuple)),
    ),
    max_leaves=5,
)
ROW = st.fixed_dictionaries({name: st.none() | values for name, (_, values) in TYPES.items()})


@settings(max_examples=250, deadline=None)
@given(st.lists(st.lists(ROW, min_size=1, max_size=4), min_size=1, max_size=4), PREDICATES, st.data())
def test_a_skipped_file_has_no_row_that_matches(
    files: list[list[dict]], predicate: Predicate, data: st.DataObject
) -> None:
    schema = pa.schema([(name, data_type) for name, (data_type, _) in TYPES.items()])
    for rows in files:
        partition = data.draw(st.none() | st.integers(0, 2))
        for row in rows:
            row["p"] = partition
    listed = pa.table(
        {
            "path": [str(number) for number in range(len(files))],
            "stats": [
                data.draw(st.sampled_from([statistics(rows), statistics(rows, as_spark=True), None, "{"]))
                for rows in files
            ],
            "partitionValues": pa.array(
                [[("p", None if rows[0]["p"] is None else str(rows[0]["p"]))] for rows in files],
                pa.map_(pa.string(), pa.string()),
            ),
        }
    )
    kept = may_match(listed, predicate, SCHEMA, partition_columns=["p"], table="t").to_pylist()
    for rows, is_kept in zip(files, kept, strict=True):
        matching = pa.Table.from_pylist(rows, schema).filter(predicate.to_arrow()).num_rows
        assert is_kept or matching == 0


NOTHING = dict.fromkeys(TYPES)
HALF_A_MILLISECOND = datetime(2000, 1, 1, microsecond=500, tzinfo=UTC)


@pytest.mark.parametrize(
    ("row", "predicate"),
    [
        ({"t": HALF_A_MILLISECOND.replace(tzinfo=None)}, col("t") >= HALF_A_MILLISECOND),
        ({"f": math.nan}, ~(col("f") < 2.0)),
        ({"f": math.nan}, col("f") != 1.5),
        ({"s": "\U0001f600"}, col("s") > "\uffff"),
    ],
    ids=["cut timestamps", "nothing is less than NaN", "NaN is not equal", "beyond the basic plane"],
)
def test_a_row_is_found_where_statistics_tell_only_half(row: dict, predicate: Predicate) -> None:
    rows = [{**NOTHING, **row}, {**NOTHING, "f": 1.5, "s": "a", "t": datetime(2000, 1, 1)}]
    listed = pa.table({"path": ["0"], "stats": [statistics(rows)]})
    maps = pa.array([[("p", None)]], pa.map_(pa.string(), pa.string()))
    listed = listed.append_column("partitionValues", maps)
    assert may_match(listed, predicate, SCHEMA, partition_columns=["p"], table="t").to_pylist() == [True]


def test_a_file_is_kept_whose_largest_value_is_nan_for_spark() -> None:
    rows = [{**NOTHING, "f": 2.0}, {**NOTHING, "f": math.nan}]
    listed = pa.table({"path": ["0"], "stats": [statistics(rows, as_spark=True)]})
    maps = pa.array([[("p", None)]], pa.map_(pa.string(), pa.string()))
    listed = listed.append_column("partitionValues", maps)
    for predicate, expected in ((col("f") > 1.5, True), (col("f") == 2.0, True), (col("f") < 1.5, False)):
        found = may_match(listed, predicate, SCHEMA, partition_columns=["p"], table="t").to_pylist()
        assert found == [expected]


@settings(deadline=None)
@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_a_float_is_found_after_its_column_became_double(value: float) -> None:
    # Writers spell a float with as few digits as tell it from other floats, which is another number as a double.
    spelled = float(str(np.float32(value)))
    bounds = json.dumps(
        {"numRecords": 1, "minValues": {"f": spelled}, "maxValues": {"f": spelled}, "nullCount": {"f": 0}}
    )
    change = {"fromType": "float", "toType": "double"}
    schema = StructType(
        (StructField(name="f", data_type=PrimitiveType("double"), metadata={"delta.typeChanges": [change]}),)
    )
    files = pa.table({"path": ["0"], "stats": [bounds]})
    for predicate in (col("f") == value, col("f") >= value, col("f") <= value):
        found = may_match(files, predicate, schema, partition_columns=[], table="t")
        assert found.to_pylist() == [True], predicate
    far = col("f") == (value + 1) * 4
    assert may_match(files, far, schema, partition_columns=[], table="t").to_pylist() == [False]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return four files of deltalake's: x = 0…9, 10…19, 20…29, and one of nulls; p is 0 to 3."""
    path = tmp_path_factory.mktemp("skipping")
    for p in range(4):
        x = pa.array([None] * 10 if p == 3 else range(p * 10, p * 10 + 10), pa.int64())
        nested = pa.StructArray.from_arrays([x], ["y"])
        data = pa.table({"x": x, "p": [p] * 10, "s": nested})
        deltalake.write_deltalake(path, data, partition_by=["p"], mode="append")
    return path


@pytest.mark.parametrize(
    ("predicate", "partitions"),
    [
        (col("x") > 15, [1, 2]),
        (col("x") == 25, [2]),
        (col("x").is_in([3, 27]), [0, 2]),
        (col("x").is_null(), [3]),
        (col("x").is_not_null(), [0, 1, 2]),
        (~(col("x") < 20), [2]),
        (col("p") == 1, [1]),
        ((col("p") < 2) & (col("x") > 12), [1]),
        ((col("p") == 3) | (col("x") < 5), [0, 3]),
        (col("s", "y") >= 20, [2]),
        (col("x") > 99.5, []),
        (col("x").is_in([]), []),
    ],
    ids=repr,
)
def test_files_are_skipped_where_they_can_be(
    table: Path, predicate: Predicate, partitions: list[int]
) -> None:
    snapshot = Snapshot.load(table)
    found = snapshot.files(predicate).column("partitionValues").to_pylist()
    assert sorted(int(dict(values)["p"]) for values in found) == partitions
    query = deltalake.QueryBuilder().register("t", deltalake.DeltaTable(table))
    everything = pa.table(query.execute("select x, p, s from t"))
    expected = everything.filter(predicate.to_arrow()).num_rows
    assert snapshot.to_arrow(["p"], predicate).num_rows == expected


def test_a_condition_that_can_not_be_asked_is_named(table: Path) -> None:
    with pytest.raises(NoSuchColumnError, match="'z'"):
        Snapshot.load(table).files(col("z") == 1)
    with pytest.raises(InvalidPredicateError, match="text"):
        Snapshot.load(table).files(col("x") == "text")


def test_a_condition_of_pyarrow_filters_rows_too(table: Path) -> None:
    import pyarrow.compute as pc

    rows = Snapshot.load(table).to_arrow(["p"], (pc.field("x") > 15) & (pc.field("p") < 2))
    assert rows.column("p").to_pylist() == [1, 1, 1, 1]
