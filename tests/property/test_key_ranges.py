"""No file with a row of the same key is left closed, whatever the keys and however the new rows are grouped."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse.delta_log.scan import may_match, separation_of
from lakehouse.tables import KeyRange, hull, may_have_key_in
from tests.property.test_data_skipping import ROW, SCHEMA, TYPES, statistics

Row = dict[str, Any]

_LONG = st.sampled_from(["x" * 40 + end for end in ("", "a", "\U0010ffff", "é")])
ROWS = st.tuples(ROW, st.none() | _LONG).map(lambda pair: {**pair[0], **({"s": pair[1]} if pair[1] else {})})
COLUMNS = st.lists(st.sampled_from([name for name in TYPES if name != "p"]), min_size=1, unique=True)


def written(rows: Sequence[Row], *, as_spark: bool) -> str:
    """Return the rows' statistics with texts cut to 32 characters, as Delta's writers cut them."""
    found = json.loads(statistics([*rows], as_spark=as_spark))
    for part, end in (("minValues", ""), ("maxValues", "\U0010ffff")):
        text = found[part].get("s")
        if text is not None and len(text) > 32:
            found[part]["s"] = text[:32] + end
    return json.dumps(found)


def table_of(files: Sequence[Sequence[Row]], stats: Sequence[str | None]) -> pa.Table:
    maps = pa.array([[("p", None)]] * len(files), pa.map_(pa.string(), pa.string()))
    return pa.table({"path": [str(n) for n in range(len(files))], "stats": stats, "partitionValues": maps})


def key(row: Row, columns: Sequence[str]) -> tuple[Any, ...]:
    """Return what makes two rows alike: NULL equals NULL, NaN equals NaN, and the two zeros are one."""
    return tuple(
        "NaN"
        if isinstance(value, float) and math.isnan(value)
        else value + 0.0
        if name == "f" and value is not None
        else value
        for name, value in ((name, row[name]) for name in columns)
    )


def ranges(rows: Sequence[Row], columns: Sequence[str]) -> Mapping[str, KeyRange]:
    """Return the ranges of a group of rows; a column with NaN is left out."""
    found = {}
    for name in columns:
        values = [row[name] for row in rows if row[name] is not None]
        if any(isinstance(value, float) and math.isnan(value) for value in values):
            continue
        if name == "t":
            values = [value.replace(tzinfo=UTC) for value in values]
        low, high = (min(values), max(values)) if values else (None, None)
        found[name] = KeyRange(smallest=low, largest=high, has_null=len(values) < len(rows))
    return found


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.lists(ROWS, min_size=1, max_size=4), min_size=1, max_size=5),
    st.lists(ROWS, max_size=6),
    COLUMNS,
    st.data(),
)
def test_every_file_with_a_row_of_the_same_key_is_opened(
    files: list[list[Row]], new: list[Row], columns: list[str], data: st.DataObject
) -> None:
    for row in [row for rows in files for row in rows]:
        row["p"] = None
    if data.draw(st.booleans()) and new:  # a row that comes again, which chance alone seldom makes
        files[0].append({**new[0], "p": None})
    texts = [
        data.draw(st.sampled_from([written(f, as_spark=False), written(f, as_spark=True), None]))
        for f in files
    ]
    numbers = [data.draw(st.integers(0, 2)) for _ in new]
    groups = [
        ranges([row for row, each in zip(new, numbers, strict=True) if each == number], columns)
        for number in sorted(set(numbers))
    ]
    for shown in (groups, hull(groups)):
        opened = may_match(
            table_of(files, texts), may_have_key_in(shown), SCHEMA, partition_columns=["p"], table="t"
        ).to_pylist()
        keys = {key(row, columns) for row in new}
        for rows, is_opened in zip(files, opened, strict=True):
            assert is_opened or not keys & {key(row, columns) for row in rows}
    if not new:
        assert not any(opened)


def test_the_hull_of_groups_has_what_each_of_them_knows_and_no_moment_without_a_zone() -> None:
    known, unknown = (
        {"i": KeyRange(smallest=1, largest=2, has_null=False)},
        KeyRange(smallest=None, largest=None, has_null=True),
    )
    local = KeyRange(smallest=datetime(2024, 1, 1), largest=datetime(2024, 1, 2), has_null=False)
    assert hull([]) == ()
    assert hull([{**known, "t": local}, {"i": unknown, "t": local}]) == (
        {"i": KeyRange(smallest=1, largest=2, has_null=True)},
    )
    assert hull([known, {}]) == ({},)
    further = {"i": KeyRange(smallest=0, largest=9, has_null=False)}
    assert hull([known, further]) == hull([further, known]) == (further,)


def days(first: int, last: int) -> list[Row]:
    moments = [datetime(2000, 1, day) for day in range(first, last + 1)]
    return [{**dict.fromkeys(TYPES), "i": 1, "t": moment} for moment in moments]


def test_two_stray_rows_in_groups_of_their_own_open_only_their_files() -> None:
    files = [days(day, day + 1) for day in range(1, 29, 2)]
    listed = table_of(files, [written(rows, as_spark=False) for rows in files])
    groups = [ranges(days(day, day), ["i", "t"]) for day in (3, 25)]
    opened = may_match(listed, may_have_key_in(groups), SCHEMA, partition_columns=["p"], table="t")
    assert [n for n, is_opened in enumerate(opened.to_pylist()) if is_opened] == [1, 12]
    opened = may_match(listed, may_have_key_in(hull(groups)), SCHEMA, partition_columns=["p"], table="t")
    assert sum(opened.to_pylist()) == 12


def test_the_column_that_tells_the_files_apart_is_found_with_values_between_them() -> None:
    files = [days(day, day) for day in range(1, 29)]
    listed = table_of(files, [written(rows, as_spark=False) for rows in files])
    found = separation_of(listed, [("i",), ("t",), ("s",)], SCHEMA, most_cuts=7)
    assert found is not None
    assert (found.path, found.share) == (("t",), 1 / 28)
    seconds = [int(datetime(2000, 1, day, tzinfo=UTC).timestamp()) for day in range(1, 29, 4)]
    assert found.cuts == tuple(second * 1_000_000 for second in seconds)


def test_files_that_all_hold_the_same_values_are_not_separated() -> None:
    files = [days(1, 28)] * 10
    listed = table_of(files, [written(rows, as_spark=False) for rows in files])
    assert separation_of(listed, [("i",), ("t",)], SCHEMA, most_cuts=7) is None
    assert separation_of(listed.slice(0, 0), [("i",), ("t",)], SCHEMA, most_cuts=7) is None
