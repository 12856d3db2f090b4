"""Columns that come, go, or have other types: what each mode makes of them, and nothing without a word."""

from __future__ import annotations

import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakehouse.delta_log import Snapshot
from lakehouse.pipelines import Failed, Refreshed
from tests.unit.pipelines.landing.landing_place import Place, only, put


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_new_columns_become_the_tables_and_old_ones_may_go(place: Place) -> None:
    evolving = place.pipeline(schema_changes="evolve")
    put(place.landing / "a", 1)
    only(place.land(evolving), Refreshed)
    put(place.landing / "b", {"id": 2, "n": {"m": [1]}}, {"n": {"m": []}, "ID": "x"})
    put(place.landing / "c", {"n": None, "o": 1.5})
    only(place.land(evolving), Refreshed)
    put(place.landing / "d", {"id": 3, "o": 2})
    only(place.land(evolving), Refreshed)
    rows = [(row["id"], row["n"], row["o"]) for row in place.rows()]
    assert sorted(rows, key=str) == sorted(
        [(1, None, None), (2, {"m": [1]}, None), (None, {"m": []}, None), (None, None, 1.5), (3, None, 2.0)],
        key=str,
    )
    assert [json.loads(row["_rescued_data"]) for row in place.rows() if row["_rescued_data"]] == [{"ID": "x"}]


def test_a_schema_is_inferred_once_around_what_is_declared(place: Place) -> None:
    inferring = place.pipeline(format="json_lines", columns={"id": "string"}, infer_schema=True)
    put(place.landing / "a", {"id": 1, "n": 1}, {"id": 2, "n": 2.5, "t": [{"x": None}]})
    only(place.land(inferring), Refreshed)
    put(place.landing / "b", {"id": 3, "n": "three", "later": 1})
    only(place.land(inferring), Refreshed)
    rows = {row["id"]: row for row in place.rows()}
    assert (rows["1"]["n"], rows["2"]["n"], rows["2"]["t"]) == (1.0, 2.5, [{"x": None}])
    assert json.loads(rows["3"]["_rescued_data"]) == {"n": "three", "later": 1}
    assert "later" not in rows["3"]


DECLARED = {"id": "bigint", "n": "bigint"}
NEW, MISSING, CHANGED = {"id": 1, "n": 1, "x": "a"}, {"id": 1}, {"id": 1, "n": "one"}
WHOLE = {"id": 1, "n": 1, "rescued": None}
WITHOUT_N = {"id": 1, "n": None, "rescued": None}
RESCUED = {"id": 1, "n": None, "rescued": {"n": "one"}}


@pytest.mark.parametrize(
    ("mode", "record", "outcome"),
    [
        ("rescue", NEW, {**WHOLE, "rescued": {"x": "a"}}),
        ("rescue", MISSING, "has 'n'"),
        ("rescue", CHANGED, RESCUED),
        ("evolve", NEW, {**WHOLE, "x": "a"}),
        ("evolve", MISSING, WITHOUT_N),
        ("evolve", CHANGED, RESCUED),
        ("ignore", NEW, WHOLE),
        ("ignore", MISSING, WITHOUT_N),
        ("ignore", CHANGED, WITHOUT_N),
        ("fail", NEW, "(new: x string)"),
        ("fail", MISSING, "(missing: n)"),
        ("fail", CHANGED, "(of another type: n string)"),
    ],
)
@pytest.mark.parametrize("kind", ["json_lines", "parquet"])
def test_each_mode_says_what_becomes_of_a_new_a_missing_and_a_changed_column(
    place: Place, mode: Any, record: dict[str, Any], outcome: Any, kind: str
) -> None:
    flow = place.pipeline(format=kind, columns=DECLARED, schema_changes=mode)
    if kind == "json_lines":
        put(place.landing / "a", record)
    else:
        write(place.landing / "a", pa.Table.from_pylist([record]))
    result = place.land(flow)
    if mode == "fail":
        assert outcome in str(only(result, Failed).error)
        assert not Path(place.warehouse.path_of("bronze", "raw"), "_delta_log").exists()
        return
    only(result, Refreshed)
    if isinstance(outcome, str):
        assert outcome in place.set_aside()["a"]
        return
    (row,) = place.rows()
    rescued = row.pop("_rescued_data")
    shown = {name: value for name, value in row.items() if not name.startswith("_")}
    assert {**shown, "rescued": rescued and json.loads(rescued)} == outcome


def test_a_file_of_text_columns_fails_by_its_header_and_its_other_rules_stay(place: Place) -> None:
    flow = place.pipeline(format="csv", columns=["id", "n"], optional=["n"], schema_changes="fail")
    (place.landing / "a").write_text("id,n\n1,one\n")
    os.utime(place.landing / "a", (1e9, 1e9))
    (place.landing / "b").write_text('id\n"1\n')
    os.utime(place.landing / "b", (1e9, 1e9))
    only(place.land(flow), Refreshed)
    assert (place.ids(), list(place.set_aside())) == (["1"], ["b"]), "a torn file has no other columns"
    (place.landing / "c").write_text("n,id 2\n1,2\n")
    failed = only(place.land(flow), Failed)
    assert "/c' has other columns than are declared (new: id 2 string; missing: id)" in str(failed.error)


def test_a_malformed_record_is_kept_also_where_other_columns_are_ignored(place: Place) -> None:
    (place.landing / "a").write_text('{"id": 1, "x": 1}\n{"id": \n')
    os.utime(place.landing / "a", (1e9, 1e9))
    only(place.land(place.pipeline(schema_changes="ignore")), Refreshed)
    rescued = {row["id"]: row["_rescued_data"] for row in place.rows()}
    assert rescued == {1: None, None: '{"_malformed_row":"{\\"id\\": "}'}


def write(path: Path, rows: pa.Table) -> None:
    pq.write_table(rows, path)
    os.utime(path, (1e9, 1e9))


def column(held: pa.DataType, value: object) -> pa.Table:
    return pa.table({"id": pa.array([1], pa.int64()), "x": pa.array([value], held)})


SMALL = pa.struct([("m", pa.int32())])


@pytest.mark.parametrize(
    ("before", "old", "after", "new"),
    [
        (pa.int8(), 1, pa.int16(), 300),
        (pa.int16(), 1, pa.int64(), 1 << 40),
        (pa.int32(), 1, pa.float64(), 0.1),
        (pa.float32(), 0.5, pa.float64(), 0.1),
        (pa.decimal128(4, 2), Decimal("1.25"), pa.decimal128(8, 3), Decimal("12345.678")),
        (SMALL, {"m": 1}, pa.struct([("k", pa.string()), ("m", pa.int64())]), {"k": "x", "m": 2}),
        (pa.list_(SMALL), [{"m": 1}], pa.list_(pa.struct([("k", pa.bool_())])), [{"k": True}]),
    ],
    ids=str,
)
def test_a_column_that_came_by_itself_grows_as_delta_lets_it(
    place: Place, before: pa.DataType, old: object, after: pa.DataType, new: object
) -> None:
    flow = place.pipeline(format="parquet", columns={"id": "bigint"}, schema_changes="evolve")
    write(place.landing / "a", column(before, old))
    only(place.land(flow), Refreshed)
    write(place.landing / "b", column(after, new))
    only(place.land(flow), Refreshed)
    write(place.landing / "c", column(before, old))  # an older shape again: the table keeps what it has
    only(place.land(flow), Refreshed)
    assert [row["_rescued_data"] for row in place.rows()] == [None] * 3
    rows = sorted(place.rows(), key=lambda row: row["_source_file"])
    assert [without_nulls(row["x"]) for row in rows] == [old, new, old]
    schema = Snapshot.load(place.warehouse.path_of("bronze", "raw")).to_arrow().schema
    widest = after if not pa.types.is_nested(after) else schema.field("x").type
    assert schema.field("x").type == widest


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: held for name, held in value.items() if held is not None}
    return [without_nulls(each) for each in value] if isinstance(value, list) else value


def test_a_type_that_delta_can_not_widen_to_is_rescued(place: Place) -> None:
    flow = place.pipeline(schema_changes="evolve")
    put(place.landing / "a", {"id": 1, "x": 1})
    only(place.land(flow), Refreshed)
    put(place.landing / "b", {"id": 2, "x": 1.5})
    only(place.land(flow), Refreshed)
    rows = {row["id"]: (row["x"], row["_rescued_data"]) for row in place.rows()}
    assert rows == {1: (1, None), 2: (None, '{"x":1.5}')}


def test_the_files_of_the_first_batch_tell_a_type_together(place: Place) -> None:
    put(place.landing / "a", {"id": 1, "x": None, "y": 2.5, "z": [{"k": 1}]})
    put(place.landing / "b", {"id": 2, "x": 1, "y": 1, "z": [None]})
    only(place.land(place.pipeline(infer_schema=True)), Refreshed)
    rows = {row["id"]: (row["x"], row["y"], row["z"]) for row in place.rows()}
    assert rows == {1: (None, 2.5, [{"k": 1}]), 2: (1, 1.0, [None])}


def test_what_was_inferred_is_kept_to_in_the_mode_that_fails(place: Place) -> None:
    flow = place.pipeline(infer_schema=True, schema_changes="fail")
    put(place.landing / "a", {"id": 1, "x": 1.5})
    only(place.land(flow), Refreshed)
    put(place.landing / "b", {"id": 2, "x": 2})
    only(place.land(flow), Refreshed)
    put(place.landing / "c", {"id": 3, "x": "three"})
    assert "(of another type: x string)" in str(only(place.land(flow), Failed).error)
    assert place.ids() == [1, 2]
