"""JSON is read as RFC 8259 has it: by key, nothing lost, and what is no object is set aside with its text."""

from __future__ import annotations

import bz2
import datetime as dt
import gzip
import io
import json
import zipfile
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.ingestion import Accepted, JsonFormat, JsonLinesFormat
from tests.unit.ingestion.formats.format_files import inspected, reason_of, rescued_of, rows_of

ORDERS = JsonLinesFormat(
    columns={"id": "bigint", "items": "array<struct<sku:string,qty:int>>", "paid": "decimal(10,2)"}
)
LONG = "1234567890123456789012345678.0123456789"
TEXTS = JsonLinesFormat(columns=("id", "items"))


def test_nested_values_stay_nested_and_decimals_exact() -> None:
    body = b'{"paid": 1.10, "items": [{"sku": "a", "qty": 2}, {"sku": "b"}], "id": 7}\n'
    (row,) = rows_of(ORDERS, body)
    assert row == {
        "id": 7,
        "items": [{"sku": "a", "qty": 2}, {"sku": "b", "qty": None}],
        "paid": Decimal("1.10"),
        "_rescued_data": None,
    }


def test_a_column_of_text_has_the_json_as_it_stands() -> None:
    body = '{"id": 1.50, "items": [ {"sku" : "ü"} ]}\n{"id": "x\\ny", "items": null}\n'.encode()
    first, second = rows_of(TEXTS, body)
    assert (first["id"], first["items"]) == ("1.50", '[ {"sku" : "ü"} ]')
    assert (second["id"], second["items"]) == ("x\ny", None)


def test_keys_without_a_column_and_values_of_another_type_are_rescued() -> None:
    body = b'{"id": "7", "items": [{"sku": "a", "qty": 1, "more": 2}], "paid": 0.125, "x": {"y": [1]}}\n{"id": 8}\n'
    row, other = rows_of(ORDERS, body)
    assert (row["id"], row["paid"]) == (None, None)
    assert row["items"] == [{"sku": "a", "qty": 1}]
    assert rescued_of(row) == {
        "id": "7",
        "items": [{"sku": "a", "qty": 1, "more": 2}],
        "paid": 0.125,
        "x": {"y": [1]},
    }
    assert (other["id"], other["_rescued_data"]) == (8, None)


@pytest.mark.parametrize(
    "line",
    [
        '{"id": 1, "id": 2}',
        '{"id": 1, "a": {"b": 1, "b": 1}}',
        '{"id": 1',
        "[1]",
        "7",
        "not json",
        '{"id": NaN}',
        '{"id": "\\ud800"}',
        '{"id": 1} {"id": 2}',
        '{"id": ' + "[" * 5000 + "]" * 5000 + "}",
        '{"id": ' + '{"a":' * 300 + "1" + "}" * 300 + "}",
    ],
)
def test_a_line_that_is_no_object_is_a_row_with_its_text(line: str) -> None:
    good, bad = rows_of(ORDERS, f'{{"id": 1, "items": [], "paid": 1}}\n{line}\n'.encode())
    assert good["id"] == 1
    assert (bad["id"], bad["items"], bad["paid"]) == (None, None, None)
    assert rescued_of(bad) == {"_malformed_row": line}


def test_a_torn_last_line_costs_that_line_only() -> None:
    body = b"".join(b'{"id": %d, "items": [], "paid": 1}\n' % n for n in range(3))[:-9]
    rows = rows_of(ORDERS, body)
    assert [row["id"] for row in rows] == [0, 1, None]
    assert rescued_of(rows[2]) == {"_malformed_row": '{"id": 2, "items": [], "p'}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "it is empty"),
        (b"id,items\n1,2\n", "none of its 2 lines can be read: it is not JSON"),
        (b'{"id": "\xe9"}\n', "it is not UTF-8"),
        (b'{"id": 1}\x00\n', "is NUL"),
        ('{"id": 1}\n'.encode("utf-16"), "it seems to be UTF-16"),
        (gzip.compress(b'{"id": 1}\n'), "it seems to be gzip, which its name does not say"),
        (b'{"idd": 1, "items": 2}\n', "no line has 'id' ('idd' is there instead of 'id'?)"),
    ],
)
def test_a_file_that_holds_no_such_records_is_rejected(body: bytes, reason: str) -> None:
    assert reason in reason_of(TEXTS, body)


def test_an_optional_column_may_be_in_no_line() -> None:
    optional = JsonLinesFormat(columns=("id", "items"), optional=("items",))
    assert rows_of(optional, b'{"id": 1}\n') == [{"id": "1", "items": None, "_rescued_data": None}]


def test_a_field_of_ten_megabytes_is_read_whole() -> None:
    long = "x" * (10 << 20)
    (row,) = rows_of(TEXTS, json.dumps({"id": long, "items": 1}).encode())
    assert row["id"] == long


def test_a_schema_that_changes_within_a_file_is_found_with_its_types() -> None:
    body = b'{"id": 1, "items": 2}\n{"id": 2, "items": 2, "a": 1, "b": {"c": [1]}}\n{"a": 1.5, "b": {"d": "x"}}\n'
    found = inspected(TEXTS, body)
    assert isinstance(found, Accepted)
    assert found.facts == {"columns": {"a": "double", "b": "struct<c:array<bigint>,d:string>"}}


@pytest.mark.parametrize(
    ("name", "packed"),
    [
        ("a.jsonl.gz", gzip.compress),
        ("a.jsonl.bz2", bz2.compress),
        ("a.jsonl.zst", lambda body: pa.compress(body, codec="zstd", asbytes=True)),
    ],
)
def test_packed_lines_are_the_same_rows(name: str, packed) -> None:
    body = b'{"id": 1, "items": 2}\n'
    assert rows_of(TEXTS, packed(body), name) == rows_of(TEXTS, body)
    assert "stream is broken" in reason_of(TEXTS, packed(body)[:-6], name)


def test_all_members_of_a_zip_archive_are_read() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("1.jsonl", '{"id": 1, "items": 1}')
        archive.writestr("2.jsonl", '{"id": 2, "items": 2}')
    assert [row["id"] for row in rows_of(TEXTS, target.getvalue(), "a.zip")] == ["1", "2"]


@pytest.mark.parametrize(
    ("name", "bomb"),
    [
        ("a.gz", gzip.compress(b" " * (90 << 20))),
        ("a.bz2", bz2.compress(b" " * (90 << 20))),
        ("a.zst", pa.compress(b" " * (90 << 20), codec="zstd", asbytes=True)),
    ],
)
def test_a_bomb_is_refused_by_its_ratio(name: str, bomb: bytes) -> None:
    assert "it unpacks to more than 400 times its size" in reason_of(TEXTS, bomb, name)


def test_a_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(8):
            archive.writestr(f"{number}.jsonl", b" " * (10 << 20))
    assert "it unpacks to more than 400 times its size: 83886080 bytes" in reason_of(
        TEXTS, target.getvalue(), "a.zip"
    )


def test_records_of_a_document_are_found_by_their_path() -> None:
    document = JsonFormat(columns={"id": "bigint"}, records="data.items")
    assert [row["id"] for row in rows_of(document, b'{"data": {"items": [{"id": 1}, {"id": 2}]}}')] == [1, 2]
    assert [row["id"] for row in rows_of(document, b'{"data": {"items": {"id": 3}}}')] == [3]
    assert rows_of(document, b'{"data": {"items": []}}') == []
    assert "it has no 'data.items'; beside it there is 'rows'" in reason_of(
        document, b'{"data": {"rows": []}}'
    )
    assert "there is no list" in reason_of(document, b'{"data": {"items": 5}}')


@pytest.mark.parametrize(
    "body", [b'{"id": 1', b'[{"id": 1}, {"id": 2, "id": 2}]', b"", b"[" * 100_000, b'[{"id": 1}] x', b"7"]
)
def test_a_document_that_is_wrong_anywhere_is_rejected(body: bytes) -> None:
    assert reason_of(JsonFormat(columns=("id",)), body)


@pytest.mark.parametrize(
    ("held", "text", "value"),
    [
        ("date", '"2011-01-04"', dt.date(2011, 1, 4)),
        ("date", '"2011-02-30"', None),
        ("date", '"20110104"', None),
        ("timestamp", '"2011-01-04T10:00:00+02:00"', dt.datetime(2011, 1, 4, 8, tzinfo=dt.UTC)),
        ("timestamp", '"2011-01-04 10:00"', dt.datetime(2011, 1, 4, 10, tzinfo=dt.UTC)),
        ("timestamp", '"9999-12-31T23:59:59-01:00"', None),
        ("timestamp", '"0001-01-01T00:00:00+01:00"', None),
        ("timestamp_ntz", '"2011-01-04T10:00:00"', dt.datetime(2011, 1, 4, 10)),
        ("timestamp_ntz", '"2011-01-04T10:00:00Z"', None),
        ("bigint", "9223372036854775807", 2**63 - 1),
        ("bigint", "9223372036854775808", None),
        ("bigint", "5.0", 5),
        ("bigint", "5.5", None),
        ("bigint", "true", None),
        ("tinyint", "128", None),
        ("double", "0.1", 0.1),
        ("double", "9007199254740993", None),
        ("double", "1e400", None),
        ("float", "4e38", None),
        ("decimal(5,2)", "999.99", Decimal("999.99")),
        ("decimal(5,2)", "1000", None),
        (
            "decimal(38,10)",
            LONG,
            Decimal(LONG),
        ),
        ("boolean", "1", None),
        ("binary", '"aGk="', b"hi"),
        ("map<string,int>", '{"a": 1, "b": "x"}', [("a", 1), ("b", None)]),
        ("bigint", "1e999999999", None),
    ],
)
def test_a_value_fits_its_type_exactly_or_is_rescued(held: str, text: str, value: object) -> None:
    (row,) = rows_of(JsonLinesFormat(columns={"v": held}), f'{{"v": {text}}}'.encode())
    assert row["v"] == value
    lost = value is None or text == '{"a": 1, "b": "x"}'
    assert (row["_rescued_data"] is not None) is lost


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(min_size=1), VALUES, max_size=5))
def test_no_value_of_any_object_is_lost(record: dict[str, object]) -> None:
    lines = JsonLinesFormat(columns={"a": "bigint", "b": "string"}, optional=("a", "b"))
    try:
        body = json.dumps(record, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return
    if b"\0" in body:
        return
    (row,) = rows_of(lines, body + b"\n")
    kept = {**rescued_of(row)}
    if row["a"] is not None:
        kept.setdefault("a", row["a"])
    if row["b"] is not None:
        kept.setdefault("b", row["b"] if isinstance(record["b"], str) else json.loads(row["b"]))
    assert kept == {name: value for name, value in record.items() if value is not None}
