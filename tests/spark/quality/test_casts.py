"""A cast gives what the text says, exactly, or notes the text: against Python's decimal, datetime and zoneinfo."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pyspark.sql import Row, SparkSession
from pyspark.sql.types import StringType

from lakehouse.quality import CAST_ERRORS, CastPolicy, as_struct, cast_columns, cast_shape

pytestmark = pytest.mark.spark

NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
UTC = dt.UTC


def cast(spark: SparkSession, type_: str, texts: Sequence[Any], source: str = "string") -> list[Any]:
    """Return the values in order; the message of its error where a value could not be cast."""
    frame = spark.createDataFrame(list(enumerate(texts)), f"i int, x {source}").repartition(1)
    rows = cast_columns(frame, {"x": type_}, on_error=CastPolicy.QUARANTINE).orderBy("i").collect()
    assert len(rows) == len(texts)
    assert all((row[CAST_ERRORS] is None) or row.x is None for row in rows)
    return [row.x if row[CAST_ERRORS] is None else row[CAST_ERRORS][0].message for row in rows]


def number(text: str) -> Decimal | None:
    stripped = text.strip(" \t\r\n")
    return Decimal(stripped) if NUMBER.fullmatch(stripped) and len(stripped) <= 100 else None


def integer(bits: int) -> Callable[[str], int | None]:
    def oracle(text: str) -> int | None:
        value = number(text)
        if value is None or Fraction(value).denominator != 1:
            return None
        return int(value) if -(2 ** (bits - 1)) <= value < 2 ** (bits - 1) else None

    return oracle


def decimal(precision: int, scale: int) -> Callable[[str], Decimal | None]:
    def oracle(text: str) -> Decimal | None:
        value = number(text)
        if value is None:
            return None
        unscaled = Fraction(value) * 10**scale
        if unscaled.denominator != 1 or abs(unscaled) >= 10**precision:
            return None
        return (
            Decimal(int(unscaled)).scaleb(-scale) if precision < 28 else Decimal(f"{int(unscaled)}E-{scale}")
        )

    return oracle


def floating(text: str) -> float | None:
    value = number(text)
    if value is None:
        return None
    near = float(value)
    if near in (float("inf"), float("-inf")) or (near == 0 and value != 0):
        return None
    if abs(near) >= 2**53 and "e" not in text.lower():
        seen = {Fraction(repr(near)), Fraction(near) if abs(near) < 2**63 else None}
        return near if Fraction(value) in seen else None
    return near


WHOLE = [
    "0",
    "7",
    " 7 ",
    "\t7\n",
    "+7",
    "-7",
    "007",
    "17850.0",
    "17850.5",
    "5.",
    ".5",
    "-.0",
    "1e3",
    "12e-1",
    "120e-1",
]
EDGES = [
    *("2147483647", "2147483648", "-2147483648", "-2147483649", "9223372036854775807", "9223372036854775808"),
    *(
        "127",
        "128",
        "9223372036854775807.000",
        "9.223372036854775807e18",
        "1e18",
        "1e19",
        "1e38",
        "1e-38",
        "0e999",
    ),
    *(
        "0.99999999999999999999",
        "1e-19",
        "5.0000000000000000001",
        "0.0000000000000000001",
        "1.2300000000000000001",
    ),
    *(
        "123456789012345678901",
        "9" * 38,
        "9" * 39,
        "1" + "0" * 38,
        "1234567890123456789012345678.12",
        "1e999",
    ),
    *(
        "100000000000000000000.0",
        "0" * 60 + "1",
        "0." + "0" * 60,
        "1" * 101,
        "1.250",
        "1.255",
        "-0.50",
        "123456789.00",
    ),
]
NOT_NUMBERS = [
    "",
    " ",
    "x7",
    "5d",
    "5f",
    "5L",
    "0x10",
    "0x1p3",
    "1_000",
    "1,5",
    "1.2.3",
    "--1",
    "1e",
    "e5",
    ".",
    "1 2",
]
NUMBERS = [*WHOLE, *EDGES, *NOT_NUMBERS]


@pytest.mark.parametrize(
    ("type_", "oracle"),
    [
        ("tinyint", integer(8)),
        ("smallint", integer(16)),
        ("int", integer(32)),
        ("bigint", integer(64)),
        ("decimal(10,2)", decimal(10, 2)),
        ("decimal(38,0)", decimal(38, 0)),
        ("decimal(30,2)", decimal(30, 2)),
        ("decimal(3,3)", decimal(3, 3)),
        ("double", floating),
    ],
)
def test_a_number_in_text_keeps_every_digit_or_is_noted_as(
    spark: SparkSession, type_: str, oracle: Callable[[str], Any]
) -> None:
    expected = [oracle(text) for text in NUMBERS]
    for text, got, right in zip(NUMBERS, cast(spark, type_, NUMBERS), expected, strict=True):
        assert got == (f"x is '{text[:100]}', which is no {type_}" if right is None else right), text


def test_a_double_in_text_overflows_and_vanishes_nowhere(spark: SparkSession) -> None:
    texts = [
        "1e400",
        "-1e400",
        "1e-400",
        "9007199254740993",
        "9223372036854775807",
        "0.1",
        "1e300",
        "NaN",
        "-Infinity",
    ]
    assert [str(got)[:4] for got in cast(spark, "double", texts)] == [
        *("x is",) * 5,
        *("0.1", "1e+3", "nan", "-inf"),
    ]
    assert [str(got)[:4] for got in cast(spark, "float", ["3.5e38", "16777217", "16777216", "0.5"])] == [
        *("x is", "x is", "1677", "0.5"),
    ]


def test_a_date_is_a_date_and_nothing_else(spark: SparkSession) -> None:
    good = {
        "2024-02-29": dt.date(2024, 2, 29),
        " 2024-1-5 ": dt.date(2024, 1, 5),
        "2010-12-01 00:00:00": dt.date(2010, 12, 1),
        "2010-12-01T00:00:00.000": dt.date(2010, 12, 1),
    }
    bad = [
        "45306",
        "2024",
        "2024-01",
        "2024015",
        "20240115",
        "2024-01-15Tgarbage",
        "2024-01-15 garbage",
        "2023-02-29",
    ]
    bad += [
        "2024-01-15 23:59:59",
        "2024-01-15T",
        "12024-01-15",
        "24-01-15",
        "15.01.2024",
        "2024-01-15 00:00:00Z",
        "",
    ]
    assert cast(spark, "date", list(good)) == list(good.values())
    assert cast(spark, "date", bad) == [f"x is '{text}', which is no date" for text in bad]


def test_a_timestamp_keeps_its_day_its_fraction_and_its_offset(spark: SparkSession) -> None:
    at = dt.datetime(2024, 1, 15, 10, 0, 0, 123456)
    good = {
        "2024-01-15 10:00:00.123456": at,
        "2024-01-15T10:00:00.123456000": at,
        "2024-01-15T12:00:00.123456+02:00": at,
        "2024-01-15 11:00:00.123456 Europe/Berlin": at,
        "2024-01-15T10:00:00.123456Z": at,
        "2024-01-15T12:00+02:00": at.replace(second=0, microsecond=0),
        "2024-01-15 10:00": at.replace(second=0, microsecond=0),
        "2024-01-15": dt.datetime(2024, 1, 15),
    }
    bad = [
        "45306",
        "12:30",
        "T12:30:00",
        "07:45:10.5",
        "2024",
        "2024-01",
        "2024-01-15 10:00:00.123456789",
        "x",
    ]
    bad += [
        "2024-01-15 10:00:00 garbage",
        "2024-01-15 24:00:00",
        "2024-01-15 10:00:60",
        "2024-13-01 10:00:00",
    ]
    seconds = "unix_micros(x)"
    frame = spark.createDataFrame(list(enumerate([*good, *bad])), "i int, x string")
    rows = cast_columns(frame, {"x": "timestamp"}, on_error=CastPolicy.QUARANTINE).selectExpr(
        "i", seconds, CAST_ERRORS
    )
    micros = [row[1] for row in sorted(rows.collect())]
    assert micros[: len(good)] == [
        (value.replace(tzinfo=UTC) - dt.datetime(1970, 1, 1, tzinfo=UTC)) // dt.timedelta(microseconds=1)
        for value in good.values()
    ]
    assert micros[len(good) :] == [None] * len(bad)
    local = ["2024-01-15 10:00:00+02:00", "2024-01-15 10:00:00Z", "2024-01-15 10:00:00.123456"]
    assert cast(spark, "timestamp_ntz", local)[2] == at
    assert all("which is no" in each for each in cast(spark, "timestamp_ntz", local)[:2])


def test_a_time_that_clocks_left_out_is_noted(spark: SparkSession) -> None:
    spark.conf.set("spark.sql.session.timeZone", "Europe/Berlin")
    try:
        texts = ["2024-03-31 02:30:00", "2024-03-31 03:30:00", "2024-03-31 02:30:00Z"]
        wrong = ["which is no" in str(each) for each in cast(spark, "timestamp", texts)]
        by_pattern = cast(spark, "timestamp 'yyyy-MM-dd HH:mm:ss'", texts[:2])
    finally:
        spark.conf.set("spark.sql.session.timeZone", "UTC")
    assert wrong == [True, False, False]
    assert ["which is no" in str(each) for each in by_pattern] == [True, False]


def test_words_lengths_and_bytes_are_kept(spark: SparkSession) -> None:
    assert cast(spark, "boolean", ["yes", "F", "1", "maybe"]) == [
        True,
        False,
        True,
        "x is 'maybe', which is no boolean",
    ]
    assert cast(spark, "varchar(3)", ["abc", "äöü", "abcd"]) == [
        "abc",
        "äöü",
        "x is 'abcd', which is no varchar(3)",
    ]
    assert cast(spark, "char(2)", ["a", "abc"]) == ["a", "x is 'abc', which is no char(2)"]
    assert cast(spark, "binary", ["ä"]) == [bytearray("ä".encode())]


AT = dt.datetime(2024, 1, 1, 23, 0, 0)
TYPED: list[tuple[str, str, list[Any], list[Any]]] = [
    ("double", "int", [1.0, 1.9, 2.0**31, float("nan"), -0.0], [1, None, None, None, 0]),
    ("double", "float", [0.5, 0.1, 1e300], [0.5, None, None]),
    ("double", "decimal(10,2)", [1.25, 1.239, 1e9], [Decimal("1.25"), None, None]),
    ("bigint", "double", [2**53, 2**53 + 1, 2**63 - 1], [2.0**53, None, None]),
    ("double", "bigint", [2.0**63, -(2.0**63), 2.0**60], [None, -(2**63), 2**60]),
    ("float", "int", [2.0**31, 2.0**30], [None, 2**30]),
    ("int", "float", [2**31 - 1, 2**30, 2**24 + 1], [None, 2.0**30, None]),
    ("bigint", "tinyint", [127, 128], [127, None]),
    ("int", "boolean", [0, 1, 2], [False, True, None]),
    ("decimal(10,2)", "decimal(10,1)", [Decimal("1.20"), Decimal("1.25")], [Decimal("1.2"), None]),
    ("decimal(10,2)", "int", [Decimal("2.00"), Decimal("1.75")], [2, None]),
    ("timestamp_ntz", "date", [AT.replace(hour=0), AT], [AT.date(), None]),
    ("date", "timestamp_ntz", [AT.date()], [AT.replace(hour=0)]),
    ("int", "varchar(2)", [12, 123], ["12", None]),
    ("int", "string", [12], ["12"]),
    ("array<string>", "array<int>", [["1", "02"], ["1", "x"], [None], []], [[1, 2], None, [None], []]),
    ("struct<a:string,b:double>", "struct<a:int,b:int>", [("1", 2.0), ("1", 2.5)], [Row(a=1, b=2), None]),
    (
        "map<string,string>",
        "map<int,int>",
        [{"1": "2"}, {"1": "2", "01": "3"}, {"1": "x"}],
        [{1: 2}, None, None],
    ),
]


@pytest.mark.parametrize(("source", "target", "values", "expected"), TYPED, ids=lambda each: str(each)[:24])
def test_typed_columns_are_checked_like_text(
    spark: SparkSession, source: str, target: str, values: list[Any], expected: list[Any]
) -> None:
    got = cast(spark, target, values, source)
    assert [None if isinstance(each, str) and "which is no" in each else each for each in got] == expected


def moment(text: str, pattern: str, zone: str = "UTC") -> int:
    at = dt.datetime.strptime(text, pattern).replace(tzinfo=ZoneInfo(zone))
    return (at - dt.datetime(1970, 1, 1, tzinfo=UTC)) // dt.timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("type_", "text", "pattern", "zone"),
    [
        ("timestamp 'dd.MM.yyyy HH:mm'", "05.03.2024 17:01", "%d.%m.%Y %H:%M", "UTC"),
        (
            "timestamp 'dd.MM.yyyy HH:mm' in 'Europe/Berlin'",
            "05.07.2024 17:01",
            "%d.%m.%Y %H:%M",
            "Europe/Berlin",
        ),
        ("timestamp 'dd.MM.yyyy' in '+02:00'", "05.07.2024", "%d.%m.%Y", "Etc/GMT-2"),
        ("timestamp in 'America/New_York'", "2024-07-05 17:01:02", "%Y-%m-%d %H:%M:%S", "America/New_York"),
        ("timestamp in 'America/New_York'", "2024-07-05", "%Y-%m-%d", "America/New_York"),
        ("timestamp 'MM/dd/yyyy hh:mm a'", "03/05/2024 05:01 PM", "%m/%d/%Y %I:%M %p", "UTC"),
        (
            "timestamp 'yyyy-MM-dd'T'HH:mm:ss.SSSSSS'",
            "2024-03-05T17:01:02.123456",
            "%Y-%m-%dT%H:%M:%S.%f",
            "UTC",
        ),
        ("timestamp 'd MMM yyyy'", "5 Mar 2024", "%d %b %Y", "UTC"),
    ],
)
def test_a_timestamp_is_read_by_its_pattern_in_its_zone(
    spark: SparkSession, type_: str, text: str, pattern: str, zone: str
) -> None:
    frame = spark.createDataFrame([(text,), (text + " x",)], "x string")
    rows = cast_columns(frame, {"x": type_}, on_error=CastPolicy.QUARANTINE).selectExpr(
        "unix_micros(x)", CAST_ERRORS
    )
    good, bad = rows.collect()
    assert (good[0], good[1]) == (moment(text, pattern, zone), None)
    assert bad[1][0].message == f"x is '{text} x', which is no {type_}"


FORMATS: list[tuple[str, dict[str, Any]]] = [
    (
        "date 'dd/MM/yyyy'",
        {
            "31/12/2024": dt.date(2024, 12, 31),
            "31/02/2024": None,
            "12/31/2024": None,
            "2024-12-31": None,
            "31/12/24": None,
        },
    ),
    ("date 'yyyyMMdd'", {"20240115": dt.date(2024, 1, 15), "20241301": None, "2024011": None}),
    ("date 'd.M.yy'", {"5.1.24": dt.date(2024, 1, 5), "05.01.24": dt.date(2024, 1, 5)}),
    (
        "timestamp_ntz 'dd/MM/yyyy HH:mm'",
        {"05/01/2024 10:00": dt.datetime(2024, 1, 5, 10), "05/01/2024": None},
    ),
    (
        "decimal(10,2) '1.234,56'",
        {
            "1.234,56": Decimal("1234.56"),
            "-12,5": Decimal("-12.50"),
            "1234": Decimal("1234.00"),
            "1.234": Decimal("1234.00"),
        }
        | {"1,234.56": None, "12.34": None, "1.2345": None, "1,239": None, "": None},
    ),
    ("double '1234,5'", {"3,25": 3.25, "3.25": None, "1e3": None}),
    (
        "int '1 234'",
        {"12 345": 12345, "12\u202f345": 12345, "1 23": None, "12 345,0": None, "12 345.0": 12345},
    ),
    ("decimal(10,2) '1''234.50'", {"12'345.6": Decimal("12345.60"), "12,345.6": None}),
    ("boolean 'ja,j/nein,n'", {"Ja": True, " j ": True, "NEIN": False, "yes": None, "1": None}),
]


@pytest.mark.parametrize(("type_", "cases"), FORMATS, ids=lambda each: each if isinstance(each, str) else "")
def test_values_are_read_as_their_format_says(spark: SparkSession, type_: str, cases: dict[str, Any]) -> None:
    expected = [
        f"x is '{text}', which is no {type_}" if value is None else value for text, value in cases.items()
    ]
    assert cast(spark, type_, list(cases)) == expected


def test_a_time_that_clocks_in_the_zone_left_out_is_noted(spark: SparkSession) -> None:
    for type_ in ("timestamp 'yyyy-MM-dd HH:mm' in 'Europe/Berlin'", "timestamp in 'Europe/Berlin'"):
        got = cast(spark, type_, ["2024-03-31 02:30", "2024-03-31 03:30"])
        assert ["which is no" in str(each) for each in got] == [True, False]


@pytest.mark.parametrize("ansi", ["true", pytest.param("false", marks=pytest.mark.slow)])
def test_fail_fails_exactly_where_quarantine_notes_whatever_the_session_says(
    spark: SparkSession, ansi: str
) -> None:
    session = spark.newSession()
    session.conf.set("spark.sql.ansi.enabled", ansi)
    columns = {"a": "int", "b": "decimal(10,2)", "c": "date", "d": "date 'dd/MM/yyyy'", "e": "int '1 234'"}
    good = ("17850.0", "1.230", "2024-01-15", "31/12/2024", "1 234")
    bad = ("x7", "1.239", "2024-01-15 garbage", "31/02/2024", "12 34")
    rows = [good, *((*good[:at], bad[at], *good[at + 1 :]) for at in range(len(bad)))]
    for at, row in enumerate(rows):
        frame = session.createDataFrame([row], ", ".join(f"{name} string" for name in columns))
        noted = cast_columns(frame, columns, on_error=CastPolicy.QUARANTINE).first()
        assert noted is not None
        failing = cast_columns(frame, columns, on_error=CastPolicy.FAIL)
        if at == 0:
            assert noted[CAST_ERRORS] is None
            assert failing.first() == Row(**{name: noted[name] for name in columns})
            continue
        message = noted[CAST_ERRORS][0].message
        assert bad[at - 1] in message
        with pytest.raises(Exception, match=re.escape(message)):
            failing.select("a" if at > 1 else "b").collect()


def test_null_policy_says_nothing_and_keeps_what_can_be_cast(spark: SparkSession) -> None:
    frame = spark.createDataFrame([("x", "1.5"), ("17850.0", "1.55")], "a string, b string")
    got = cast_columns(frame, {"a": "int", "b": "decimal(3,1)"}, on_error=CastPolicy.NULL)
    assert got.collect() == [Row(a=None, b=Decimal("1.5")), Row(a=17850, b=None)]


def test_columns_keep_their_order_and_names_of_any_kind(spark: SparkSession) -> None:
    frame = spark.createDataFrame([("1", "keep", "x")], "`a b` string, `it's` string, `c``d\\\\` string")
    name = frame.columns[2]
    got = cast_columns(frame, {name: "int", "a b": "int"}, on_error=CastPolicy.QUARANTINE)
    assert got.columns == ["a b", "it's", name, CAST_ERRORS]
    row = got.collect()[0]
    assert tuple(row)[:3] == (1, "keep", None)
    assert row[CAST_ERRORS] == [Row(rule=f"cast({name})", message=f"{name} is 'x', which is no int")]
    assert isinstance(got.schema["it's"].dataType, StringType)


@pytest.mark.parametrize("policy", list(CastPolicy))
def test_the_shape_of_a_cast_is_that_of_the_cast(spark: SparkSession, policy: CastPolicy) -> None:
    """Plain types are read as Spark reads them, and text into them is what a cast makes of it."""
    plain = ["bigint", "binary", "boolean", "date", "double", "float", "int", "integer", "long", "smallint"]
    types = [*plain, "string", "timestamp_ntz", "tinyint", "decimal(38,0)", "Decimal( 9 , 2 )"]
    columns = {f"c{number}": data_type for number, data_type in enumerate(types)}
    texts = ", ".join(f"CAST(NULL AS STRING) AS {name}" for name in columns)
    frame = spark.sql(f"SELECT {texts}, 1 AS kept, CAST(NULL AS DATE) AS day, '' AS zoned FROM range(0)")
    more = {"day": "timestamp", "zoned": "timestamp in 'UTC'"}
    for schema in (columns, more):
        shape = cast_shape(frame, schema, on_error=policy)
        assert shape.schema == cast_columns(frame, schema, on_error=policy).schema
    assert as_struct(columns) == as_struct(", ".join(f"{name} {each}" for name, each in columns.items()))
