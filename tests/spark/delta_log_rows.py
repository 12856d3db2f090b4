"""Rows with everything that is easily written wrong."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal

import pyarrow as pa

UTC = dt.UTC

SCHEMA = pa.schema(
    [
        ("id", pa.int64()),
        ("text", pa.string()),
        ("number", pa.float64()),
        ("single", pa.float32()),
        ("small", pa.int16()),
        ("tiny", pa.int8()),
        ("flag", pa.bool_()),
        ("bytes", pa.binary()),
        ("day", pa.date32()),
        ("moment", pa.timestamp("us", tz="UTC")),
        ("clock", pa.timestamp("us")),
        ("money", pa.decimal128(10, 2)),
        ("huge", pa.decimal128(38, 10)),
        ("person", pa.struct([("name", pa.string()), ("age", pa.int32())])),
        ("tags", pa.list_(pa.string())),
        ("scores", pa.map_(pa.string(), pa.int64())),
    ]
)

ROWS = [
    {
        "id": 1, "text": "plain", "number": 1.5, "single": 0.1, "small": -7, "tiny": 1, "flag": True,
        "bytes": b"\x00\xff", "day": dt.date(2024, 2, 29),
        "moment": dt.datetime(2024, 2, 29, 12, 30, 0, 123456, UTC),
        "clock": dt.datetime(2024, 2, 29, 12, 30, 0, 999999),
        "money": Decimal("12345678.90"), "huge": Decimal("1234567890123456789012345678.0123456789"),
        "person": {"name": "Ada", "age": 36}, "tags": ["a", None, ""], "scores": [("x", 1), ("y", None)],
    },
    {
        "id": 2, "text": "quote ' \" \\ % # ? & = é 日本 \U0001f600\n\t", "number": math.nan, "single": math.nan,
        "small": 32767, "tiny": -128, "flag": False, "bytes": b"", "day": dt.date(1500, 1, 1),
        "moment": dt.datetime(1500, 1, 1, 0, 0, 0, 1, UTC), "clock": dt.datetime(1500, 1, 1),
        "money": Decimal("-0.01"), "huge": Decimal("-0.0000000001"),
        "person": {"name": None, "age": 0}, "tags": [], "scores": [],
    },
    {
        "id": 3, "text": "z" * 5_000, "number": -0.0, "single": -0.0, "small": 0, "tiny": 0, "flag": None,
        "bytes": b"\x01" * 100, "day": dt.date(1582, 10, 15),
        "moment": dt.datetime(9999, 12, 31, 23, 59, 59, 999999, UTC), "clock": dt.datetime(1, 1, 1),
        "money": Decimal("0.00"), "huge": Decimal("0"),
        "person": None, "tags": None, "scores": None,
    },
    {
        "id": 4, "text": "\U0010ffff" * 40, "number": math.inf, "single": -math.inf, "small": None, "tiny": None,
        "flag": True, "bytes": None, "day": dt.date(1, 1, 1),
        "moment": dt.datetime(1969, 12, 31, 23, 59, 59, 999999, UTC), "clock": dt.datetime(1969, 12, 31, 23, 59),
        "money": None, "huge": None, "person": {"name": "", "age": None}, "tags": [""], "scores": [("", 0)],
    },
    {name: (5 if name == "id" else None) for name in SCHEMA.names},
    {
        "id": 6, "text": "", "number": 5e-324, "single": 3.4e38, "small": -32768, "tiny": 127, "flag": False,
        "bytes": b"x", "day": dt.date(9999, 12, 31), "moment": dt.datetime(1900, 1, 1, tzinfo=UTC),
        "clock": dt.datetime(9999, 12, 31, 23, 59, 59, 999999), "money": Decimal("-99999999.99"),
        "huge": Decimal("9" * 28 + "." + "9" * 10), "person": {"name": "Bo", "age": -1}, "tags": ["ü"],
        "scores": [("k", -(2**63))],
    },
]  # fmt: skip


def table(*numbers: int) -> pa.Table:
    """Some of the rows, or all."""
    chosen = [row for row in ROWS if not numbers or row["id"] in numbers]
    return pa.Table.from_pylist(chosen, schema=SCHEMA)


def comparable(row: object) -> object:
    """A value that equals only itself: NaN too, and -0.0 apart from 0.0; maps and lists as tuples."""
    match row:
        case float():
            return "NaN" if math.isnan(row) else (row, math.copysign(1, row))
        case dict():
            return tuple(sorted((str(key), comparable(value)) for key, value in row.items()))
        case list() | tuple():
            return tuple(comparable(value) for value in row)
        case bytearray():
            return bytes(row)
        case dt.datetime():
            return row.replace(tzinfo=None)
    return row
