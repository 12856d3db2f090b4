"""The value of one record as columns: what fits, what is rescued, and what is no record at all."""

from __future__ import annotations

import io
import json
from decimal import Decimal
from typing import Any

import fastavro
import pyarrow as pa
import pytest

from lakehouse.ingestion import payload

SCHEMA = {
    "type": "record",
    "name": "order",
    "fields": [
        {"name": "id", "type": "long"},
        {"name": "note", "type": ["null", "string"]},
        {"name": "more", "type": "int"},
    ],
}


def avro(**values: Any) -> bytes:
    out = io.BytesIO()
    fastavro.schemaless_writer(out, fastavro.parse_schema(SCHEMA), values)
    return out.getvalue()


def parsed(word: str, values: list[bytes | None], **options: Any) -> list[tuple[Any, ...]]:
    """Return the payload's columns, what is rescued and the message of the error, a tuple a record."""
    given = pa.record_batch({"value": pa.array(values, pa.binary()), "at": pa.array(range(len(values)))})
    (rows,) = payload(word, options).parsed(iter([given]))
    *own, place, rescued, errors = (column.to_pylist() for column in rows.columns)
    assert place == list(range(len(values))), "a row a record, in their order"
    messages = [each and each[0]["message"] for each in errors]
    assert all(each is None or each[0]["rule"] == "readable_payload" for each in errors)
    return list(zip(*own, rescued, messages, strict=True))


def test_a_json_object_is_columns_and_anything_else_is_an_error_with_its_text() -> None:
    columns = {"id": "bigint", "price": "decimal(5,2)", "doc": "string"}
    values = [
        b'{"id":1,"price":1.50,"doc":{"a":[1]},"x":2}',
        b'{"id":"no"}',
        b"[1]",
        b'{"id":1,"id":2}',
        b"\xff",
        None,
    ]
    one, unfit, a_list, twice, not_text, tombstone = parsed("json", values, columns=columns)
    assert one == (1, Decimal("1.50"), '{"a":[1]}', '{"x":2}', None)
    assert unfit == (None, None, None, '{"id":"no"}', None)
    assert a_list == (None, None, None, '{"_malformed_row":"[1]"}', "it is no JSON object")
    assert "the key 'id' twice" in twice[-1]
    assert not_text[-2:] == ('{"_malformed_row":"base64:/w=="}', "it is not UTF-8 (byte 0)")
    assert tombstone == (None, None, None, None, None)


def test_a_row_of_csv_is_its_fields_in_order_and_must_have_as_many() -> None:
    columns = {"id": "int", "name": "string", "at": "date"}
    values = [b'1;"a;b";2024-01-31', b"x;b;", b"1;2", b"1;2;3\n4;5;6", b'1;"a;b', b""]
    fits, unfit, few, two, open_quote, empty = parsed("csv", values, columns=columns, delimiter=";")
    assert fits[0:2] == (1, "a;b")
    assert str(fits[2]) == "2024-01-31"
    assert unfit == (None, "b", None, '{"id":"x"}', None)
    assert few[-1] == "it has 2 fields, expected 3"
    assert two[-1] == "it has 2 rows, expected one"
    assert "is never closed" in open_quote[-1]
    assert empty[-1] == "it has 0 rows, expected one"


def test_an_avro_record_is_read_by_its_writers_schema_with_or_without_a_registrys_header() -> None:
    good, columns = avro(id=7, note="n", more=3), {"id": "bigint", "note": "string"}
    values = [good, good[:1], good + b"\x00"]
    fits, cut, longer = parsed("avro", values, columns=columns, schema=json.dumps(SCHEMA))
    assert fits == (7, "n", '{"more":3}', None)
    assert "it is no record of the Avro schema" in cut[-1]
    assert longer[-1] == "1 bytes stand behind its Avro record"
    framed = [b"\x00\x00\x00\x00\x2a" + good, good]
    told, bare = parsed("avro", framed, columns=columns, schema=json.dumps(SCHEMA), registry_header=True)
    assert told == fits
    assert "does not begin with the number of a registry's schema" in bare[-1]


def test_text_is_utf8() -> None:
    assert parsed("text", ["ä".encode(), b"", b"\xe4"]) == [
        ("ä", None, None),
        ("", None, None),
        (None, '{"_malformed_row":"base64:5A=="}', "it is not UTF-8 (byte 0)"),
    ]


@pytest.mark.parametrize("rows", [0, 25_000])
def test_batches_of_any_length_keep_their_rows(rows: int) -> None:
    values = pa.array([b'{"id": %d}' % at for at in range(rows)], pa.binary())
    batch = pa.record_batch({"value": values, "at": pa.array(range(rows), pa.int64())})
    made = list(payload("json", {"columns": {"id": "bigint"}}).parsed(iter([batch])))
    assert [each["c0"].to_pylist() for each in made] == [each["c1"].to_pylist() for each in made]
    assert sum(map(len, made)) == rows
