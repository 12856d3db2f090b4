"""Parquet, ORC and Avro: columns by name, values exact, and a damaged file set aside with its reason."""

from __future__ import annotations

import datetime as dt
import gzip
import io
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import fastavro
import pyarrow as pa
import pyarrow.orc as orc
import pyarrow.parquet as pq
import pytest

from lakehouse.ingestion import Accepted, AvroFormat, FileFormat, OrcFormat, ParquetFormat
from tests.unit.ingestion.formats.format_files import inspected, reason_of, rescued_of, rows_of

COLUMNS = {
    "id": "bigint",
    "name": "string",
    "price": "decimal(10,2)",
    "at": "timestamp",
    "tags": "array<string>",
}
AT = dt.datetime(2011, 1, 4, 8, 30, tzinfo=dt.UTC)
TABLE = pa.table(
    {
        "tags": pa.array([["a"], None], pa.list_(pa.string())),
        "at": pa.array([AT, None], pa.timestamp("us", "UTC")),
        "id": pa.array([1, 2], pa.int64()),
        "name": pa.array(["ü", None]),
        "price": pa.array([Decimal("1.10"), None], pa.decimal128(10, 2)),
    }
)
ROWS = [
    {"id": 1, "name": "ü", "price": Decimal("1.10"), "at": AT, "tags": ["a"], "_rescued_data": None},
    {"id": 2, "name": None, "price": None, "at": None, "tags": None, "_rescued_data": None},
]


def as_parquet(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink, write_page_checksum=True)
    return sink.getvalue()


def plain_parquet(table: pa.Table) -> bytes:
    """Return a file in which only a page's checksum tells that a letter is another."""
    sink = io.BytesIO()
    pq.write_table(table, sink, write_page_checksum=True, compression="none", use_dictionary=False)
    return sink.getvalue()


def as_orc(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    orc.write_table(table, sink)
    return sink.getvalue()


AVRO_TYPES: dict[str, Any] = {
    "id": "long",
    "name": "string",
    "price": {"type": "bytes", "logicalType": "decimal", "precision": 10, "scale": 2},
    "at": {"type": "long", "logicalType": "timestamp-micros"},
    "tags": {"type": "array", "items": "string"},
    "more": {"type": "record", "name": "more", "fields": [{"name": "x", "type": "long"}]},
}


def as_avro(table: pa.Table, codec: str = "deflate") -> bytes:
    fields = [{"name": name, "type": ["null", AVRO_TYPES[name]]} for name in table.column_names]
    sink = io.BytesIO()
    fastavro.writer(sink, {"type": "record", "name": "r", "fields": fields}, table.to_pylist(), codec=codec)
    return sink.getvalue()


FORMATS: dict[str, tuple[type[FileFormat], Callable[[pa.Table], bytes]]] = {
    "Parquet": (ParquetFormat, as_parquet),
    "ORC": (OrcFormat, as_orc),
    "Avro": (AvroFormat, as_avro),
}


@pytest.fixture(params=FORMATS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_columns_are_known_by_name_and_values_are_exact(kind: str) -> None:
    cls, written = FORMATS[kind]
    assert rows_of(cls(columns=COLUMNS), written(TABLE)) == ROWS


def test_a_column_without_a_declaration_is_rescued_and_its_type_found(kind: str) -> None:
    cls, written = FORMATS[kind]
    body = written(TABLE.append_column("more", pa.array([{"x": 1}, None], pa.struct([("x", pa.int64())]))))
    first, second = rows_of(cls(columns=COLUMNS), body)
    assert rescued_of(first) == {"more": {"x": 1}}
    assert second == ROWS[1]
    found = inspected(cls(columns=COLUMNS), body)
    assert isinstance(found, Accepted)
    assert found.facts == {"columns": {"more": "struct<x:bigint>"}}


def test_a_type_that_changed_is_rescued_value_by_value(kind: str) -> None:
    cls, written = FORMATS[kind]
    typed = cls(columns={"id": "tinyint", "price": "int", "name": "date", "at": "string", "tags": "string"})
    first, second = rows_of(typed, written(TABLE))
    assert first == {
        "id": 1,
        "price": None,
        "name": None,
        "at": "2011-01-04T08:30:00+00:00",
        "tags": '["a"]',
        "_rescued_data": first["_rescued_data"],
    }
    assert rescued_of(first) == {"name": "ü", "price": "1.10"}
    assert second["id"] == 2


def test_a_torn_file_or_one_of_another_kind_is_rejected(kind: str) -> None:
    cls, written = FORMATS[kind]
    body, typed = written(TABLE), cls(columns=COLUMNS)
    for bad in (body[:-7], body[: len(body) // 2], b"id,name\n1,2\n" * 40, body[:4]):
        assert f"it is no whole {kind} file" in reason_of(typed, bad)
    assert reason_of(typed, b"") == "it is empty"
    assert "no column has 'ids'" in reason_of(cls(columns={"ids": "bigint"}), body) or kind == "Avro"


@pytest.mark.parametrize("name", ["Parquet", "Avro"])
def test_a_byte_that_was_turned_within_the_data_is_found(name: str) -> None:
    cls, written = FORMATS[name]
    table = pa.table({"name": pa.array([f"name {number}" for number in range(5000)])})
    body = bytearray(plain_parquet(table) if name == "Parquet" else written(table))
    at = body.find(b"name 2500") + 5 if name == "Parquet" else len(body) // 2
    body[at] ^= 1
    assert f"it is no whole {name} file" in reason_of(cls(columns=("name",)), bytes(body))


def test_parquet_within_gzip_and_with_other_integers_is_read() -> None:
    table = pa.table({"id": pa.array([1], pa.int16()), "name": pa.array(["a"]).dictionary_encode()})
    typed = ParquetFormat(columns={"id": "bigint", "name": "string"})
    rows = rows_of(typed, gzip.compress(as_parquet(table)), "a.gz")
    assert rows == [{"id": 1, "name": "a", "_rescued_data": None}]


def test_names_alone_give_texts() -> None:
    rows = rows_of(ParquetFormat(columns=("id", "price", "at", "tags", "name")), as_parquet(TABLE))
    assert rows[0]["id"] == "1"
    assert rows[0]["price"] == "1.10"
