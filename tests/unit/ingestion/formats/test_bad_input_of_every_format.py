"""Each thing that goes wrong with files, in each format: the file is set aside with its reason, or no row is lost."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from typing import Any

import fastavro
import pyarrow as pa
import pyarrow.orc as orc
import pyarrow.parquet as pq
import pytest

from lakehouse.ingestion import Accepted, Rejected
from tests.unit.ingestion.formats.bad_files import KINDS, Kind, workbook
from tests.unit.ingestion.formats.format_files import inspected, reason_of, rescued_of, rows_of

GOOD = [{"id": number, "name": f"name of {number}"} for number in range(40)]
KEPT = "kept"
"""The damaged record is a row with its text; all the others are as they were."""


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    return KINDS[request.param]


def outcome(kind: Kind, body: bytes, name: str = "a") -> str | list[dict[str, Any]]:
    """Return the reason that a file is set aside for, or its rows."""
    found = inspected(kind.format, body, name)
    if isinstance(found, Rejected):
        return found.reason
    return rows_of(kind.format, body, name)


def name_of(kind: Kind) -> str:
    return next(name for name, each in KINDS.items() if each is kind)


TORN = {
    "csv": "is never closed",
    "json_lines": KEPT,
    "json": "it is not JSON",
    "xml": "it is not well-formed XML",
    "fixed_width": KEPT,
    "parquet": "it is no whole Parquet file",
    "orc": "it is no whole ORC file",
    "avro": "it is no whole Avro file",
    "excel": "it is no whole workbook",
}


@pytest.mark.parametrize("name", TORN)
def test_a_torn_file(name: str) -> None:
    kind = KINDS[name]
    body = kind.written(GOOD)
    torn = body[: len(body) - (len(b"name of 39") + 2 if name == "fixed_width" else 7)]
    found, expected = outcome(kind, torn), TORN[name]
    if expected is not KEPT:
        assert expected in found
        return
    assert [(row["id"], row["name"]) for row in found[:-1]] == [tuple(each.values()) for each in GOOD[:-1]]
    assert rescued_of(found[-1]) == {"_malformed_row": torn.splitlines()[-1].decode()}


WRONG_KIND = {
    "csv": "its header lacks 'id', 'name'",
    "json_lines": "none of its 2 lines can be read",
    "json": "it is not JSON",
    "xml": "it is not well-formed XML",
    "fixed_width": "none of its",
    "parquet": "it is no whole Parquet file",
    "orc": "it is no whole ORC file",
    "avro": "it is no whole Avro file",
    "excel": "it is no whole workbook",
}


@pytest.mark.parametrize("name", WRONG_KIND)
def test_a_file_of_another_kind(name: str) -> None:
    text = b"#!/bin/sh\nx\n" if name != "fixed_width" else b"#\nx\n"
    assert WRONG_KIND[name] in reason_of(KINDS[name].format, text)
    if name not in ("parquet", "orc", "avro", "excel"):
        packed = KINDS["excel"].written(GOOD)
        assert "zip" in reason_of(KINDS[name].format, packed)


def test_text_in_another_encoding_is_set_aside() -> None:
    for name, kind in KINDS.items():
        if not kind.is_text or name == "xml":  # an XML file says its own encoding
            continue
        text = kind.written([{"id": 1, "name": "Zürich"}]).decode()
        text = text.replace("\\u00fc", "ü")
        assert "it is not UTF-8" in reason_of(kind.format, text.encode("latin-1")), name
        assert "UTF-16" in reason_of(kind.format, text.encode("utf-16")), name


def not_utf8() -> pa.Array:
    """A column of strings in which there is none."""
    offsets = pa.py_buffer(bytes(4) + (2).to_bytes(4, "little"))
    return pa.StringArray.from_buffers(1, offsets, pa.py_buffer(b"\xff\xfe"))


@pytest.mark.parametrize(("name", "write"), [("parquet", pq.write_table), ("orc", orc.write_table)])
def test_a_column_of_strings_that_are_not_text_is_set_aside(name: str, write: Any) -> None:
    sink = io.BytesIO()
    write(pa.table({"id": pa.array([1], pa.int64()), "name": not_utf8()}), sink)
    assert "UTF8" in reason_of(KINDS[name].format, sink.getvalue())


def test_a_string_of_avro_that_is_not_text_is_set_aside() -> None:
    body = KINDS["avro"].written([{"id": 1, "name": "in the file"}])
    plain = io.BytesIO()
    schema = {
        "type": "record",
        "name": "r",
        "fields": [{"name": "id", "type": "long"}, {"name": "name", "type": "string"}],
    }
    fastavro.writer(plain, schema, [{"id": 1, "name": "in the file"}], codec="null")
    assert "it is no whole Avro file" in reason_of(
        KINDS["avro"].format, plain.getvalue().replace(b"in the", b"\xff\xfe the")
    )
    assert inspected(KINDS["avro"].format, body).digest


def nested(depth: int) -> dict[str, Any]:
    deep: Any = "x"
    for _ in range(depth):
        deep = {"n": deep}
    return {"id": 1, "name": "a", "deep": deep}


DEEP = {"json_lines": KEPT, "json": "nested more than 200 deep", "xml": "nested more than 200 deep"}


@pytest.mark.parametrize("name", DEEP)
def test_values_that_are_nested_too_deep(name: str) -> None:
    kind = KINDS[name]
    body = kind.written([GOOD[0], nested(300)])
    found = outcome(kind, body)
    if DEEP[name] is KEPT:
        assert [row["id"] for row in found] == [0, None]
        assert rescued_of(found[1]) == {"_malformed_row": body.splitlines()[-1].decode()}
    else:
        assert DEEP[name] in found
    assert len(outcome(kind, kind.written([GOOD[0], nested(150)]))) == 2


def test_a_field_of_ten_megabytes_is_one_value(kind: Kind) -> None:
    long = "x" * (10 << 20)
    body = kind.written([{"id": 1, "name": long}, {"id": 2, "name": "b"}])
    rows = outcome(kind, body)
    assert not isinstance(rows, str), rows
    if name_of(kind) == "binary":
        assert rows[0]["content"] == body
        return
    assert [row.get("name", row.get("value")) for row in rows] == [long, "b"]
    assert [row["_rescued_data"] for row in rows] == [None, None]


def doubled(name: str) -> bytes:
    match name:
        case "csv":
            return b"id,name,id\n1,a,2\n"
        case "json_lines":
            return b'{"id": 1, "name": "a"}\n{"id": 1, "name": "a", "id": 2}\n'
        case "json":
            return b'[{"id": 1, "name": "a", "id": 2}]'
        case "xml":
            return b'<all><row id="1" id="2"><name>a</name></row></all>'
        case "excel":
            return workbook([["id", "name", "id"], [1, "a", 2]])
        case _:
            table = pa.table([pa.array([1]), pa.array(["a"]), pa.array([2])], names=["id", "name", "id"])
            sink = io.BytesIO()
            (pq if name == "parquet" else orc).write_table(table, sink)
            return sink.getvalue()


DOUBLED = {
    "csv": "more than once",
    "json_lines": KEPT,
    "json": "has the key 'id' twice",
    "xml": "duplicate attribute",
    "excel": "more than once",
    "parquet": "more than once",
    "orc": "more than once",
}


@pytest.mark.parametrize("name", DOUBLED)
def test_a_name_that_stands_there_twice(name: str) -> None:
    found = outcome(KINDS[name], doubled(name))
    if DOUBLED[name] is not KEPT:
        assert DOUBLED[name] in found
        return
    assert [row["id"] for row in found] == [1, None]
    assert rescued_of(found[1]) == {"_malformed_row": '{"id": 1, "name": "a", "id": 2}'}


BOMB = gzip.compress(b" " * (70 << 20))


def zip_bomb() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", b"\0" * (70 << 20))
    return target.getvalue()


def test_a_bomb_is_refused_by_its_ratio(kind: Kind) -> None:
    if name_of(kind) == "binary":
        (row,) = rows_of(kind.format, BOMB, "a.gz")
        assert row["content"] == BOMB, "its bytes are kept as they lie, and never unpacked"
        return
    assert "400 times its size" in reason_of(kind.format, BOMB, "a.gz")
    assert "400 times its size" in reason_of(kind.format, zip_bomb(), "a.zip")


def changed_within(name: str) -> bytes:
    records = [*GOOD[:2], {"id": "three", "more": 5}]
    match name:
        case "csv":
            return b'id,name\n0,name of 0\n1,name of 1\nthree,"x",5\n'
        case "fixed_width":
            return b"   0name of 0\n   1name of 1\nthree\n"
        case "excel":
            return workbook(
                [["id", "name", ""], [0, "name of 0", ""], [1, "name of 1", ""], ["three", "", 5]]
            )
        case "xml" | "json" | "json_lines":
            return KINDS[name].written(records)
        case _:
            parts = [
                KINDS[name].written(GOOD[:2]),
                KINDS[name].written([{"id": 2.5, "name": "c", "more": 5}]),
            ]
            target = io.BytesIO()
            with zipfile.ZipFile(target, "w") as archive:
                for number, part in enumerate(parts):
                    archive.writestr(f"{number}", part)
            return target.getvalue()


CHANGED = {
    "csv": {"_malformed_row": 'three,"x",5'},
    "json_lines": {"id": "three", "more": 5},
    "json": {"id": "three", "more": 5},
    "xml": {"id": "three", "more": "5"},
    "fixed_width": {"id": "thre"},
    "excel": {"id": "three", "_unnamed_cells": [5]},
    "parquet": {"id": 2.5, "more": 5},
    "orc": {"id": 2.5, "more": 5},
    "avro": {"id": 2.5, "more": 5},
}


@pytest.mark.parametrize("name", CHANGED)
def test_a_schema_that_changes_in_the_middle_of_a_file_loses_nothing(name: str) -> None:
    packed = "a.zip" if name in ("parquet", "orc", "avro") else "a"
    *same, last = outcome(KINDS[name], changed_within(name), packed)
    assert [(str(row["id"]), row["name"]) for row in same] == [("0", "name of 0"), ("1", "name of 1")]
    assert [row["_rescued_data"] for row in same] == [None, None]
    kept = rescued_of(last)
    assert {key: kept[key] for key in CHANGED[name]} == CHANGED[name]


def test_an_empty_file_is_set_aside(kind: Kind) -> None:
    if name_of(kind) == "binary":
        assert rows_of(kind.format, b"") == [{"content": b"", "length": 0, "_rescued_data": None}]
    else:
        assert reason_of(kind.format, b"") == "it is empty"


def test_a_whole_file_of_each_kind_gives_its_rows(kind: Kind) -> None:
    assert isinstance(inspected(kind.format, kind.written(GOOD)), Accepted)
    rows = rows_of(kind.format, kind.written(GOOD))
    if name_of(kind) == "binary":
        assert rows[0]["content"] == kind.written(GOOD)
        return
    assert [row.get("name", row.get("value")) for row in rows] == [each["name"] for each in GOOD]
    assert json.dumps(rows, default=str)
