"""The division UDFs in Spark: types in and out, ANSI on and off, SQL."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from lakehouse.division import InvalidOptionError, spark_udfs
from lakehouse.division.spark_udfs import (
    allocate,
    div_round,
    divide_exact,
    euclid_div,
    floor_div,
    mod,
    repeating_decimal,
    safe_allocate,
    safe_div,
    safe_div_round,
    safe_mod,
    safe_repeating_decimal,
    try_divide_exact,
)

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

pytestmark = pytest.mark.spark

BIGINT_MIN = -(2**63)
PAIRS = [(-7, 2), (7, -2), (-7, -2), (7, 2), (0, 5), (BIGINT_MIN, 2), (2**63 - 1, -1), (None, 3), (3, None)]


@pytest.fixture
def ansi_off(spark: SparkSession) -> Iterator[None]:
    spark.conf.set("spark.sql.ansi.enabled", "false")
    yield
    spark.conf.unset("spark.sql.ansi.enabled")


@pytest.fixture(scope="module")
def pairs(spark: SparkSession) -> DataFrame:
    return spark.createDataFrame(PAIRS, "a bigint, b bigint").coalesce(1)


def column(frame: DataFrame, expression: Any) -> list[Any]:
    return [row[0] for row in frame.select(expression).collect()]


def test_quotients_and_remainders_are_those_of_python_and_of_spark(pairs: DataFrame) -> None:
    known = [None if None in pair else pair for pair in PAIRS]
    assert column(pairs, floor_div("a", "b")) == [pair and pair[0] // pair[1] for pair in known]
    assert column(pairs, euclid_div("a", "b")) == [
        pair and (pair[0] - pair[0] % abs(pair[1])) // pair[1] for pair in known
    ]
    from pyspark.sql.functions import expr

    assert column(pairs, safe_div("a", "b")) == column(pairs, expr("a div b"))
    assert column(pairs, mod("a", "b")) == column(pairs, expr("a % b"))
    exact = column(pairs, divide_exact("a", "b"))
    for pair, row in zip(known, exact, strict=True):
        assert (row is None) == (pair is None)
        assert pair is None or row.quotient * pair[1] + row.remainder == pair[0]


def test_every_exact_type_is_divided(spark: SparkSession) -> None:
    kinds = ["tinyint", "smallint", "int", "bigint", "decimal(38,0)", "decimal(5,0)", "string"]
    casts = [
        f"CAST(-7 AS {kind}) AS a{place}, CAST(2 AS {kind}) AS b{place}" for place, kind in enumerate(kinds)
    ]
    frame = spark.sql(f"SELECT {', '.join(casts)}")
    functions = (safe_div, floor_div, euclid_div, mod, divide_exact)
    row = frame.select(
        [function(f"a{place}", f"b{place}") for place in range(len(kinds)) for function in functions]
    ).first()
    assert row is not None
    assert tuple(row) == (-3, -4, -4, -1, (-3, -1)) * len(kinds)


def test_what_spark_has_no_answer_for_is_null_with_ansi_on_and_off(spark: SparkSession) -> None:
    frame = spark.sql("SELECT * FROM VALUES (7L, 0L), (0L, 0L), (-9223372036854775808L, -1L) AS t(a, b)")
    # By -1 only the quotient has no answer: what remains of the smallest bigint is 0, as Spark's own % says.
    expected = [(None, None)] * 2 + [(None, 0)]
    for ansi in ("true", "false"):
        spark.conf.set("spark.sql.ansi.enabled", ansi)
        try:
            rows = frame.select(safe_div("a", "b"), safe_mod("a", "b")).collect()
        finally:
            spark.conf.unset("spark.sql.ansi.enabled")
        assert [tuple(row) for row in rows] == expected


@pytest.mark.parametrize(
    ("function", "dividend", "divisor", "reason"),
    [
        (floor_div, "7L", "0L", "DivideByZeroException: row 0: 7 was divided by 0"),
        (divide_exact, "'7'", "'0'", "DivideByZeroException: row 0: 7 was divided by 0"),
        (euclid_div, f"{BIGINT_MIN}L", "-1L", f"NumericalOverflowException: row 0: {BIGINT_MIN} by -1"),
        (mod, "7L", "0L", "DivideByZeroException"),
    ],
)
def test_with_ansi_on_the_others_raise_as_spark_does(
    spark: SparkSession, function: Any, dividend: str, divisor: str, reason: str
) -> None:
    from pyspark.errors import PythonException

    frame = spark.sql(f"SELECT {dividend} AS a, {divisor} AS b")
    with pytest.raises(PythonException, match=reason):
        frame.select(function("a", "b")).collect()


@pytest.mark.usefixtures("ansi_off")
def test_with_ansi_off_the_others_give_null(spark: SparkSession) -> None:
    functions = (floor_div, euclid_div, mod, divide_exact, repeating_decimal)
    row = spark.sql("SELECT 7L AS a, 0L AS b").select([function("a", "b") for function in functions]).first()
    assert row is not None
    assert tuple(row) == (None,) * len(functions)


def test_a_quarantined_row_says_why(spark: SparkSession) -> None:
    frame = spark.sql(
        "SELECT * FROM VALUES ('7', '2'), ('7', '0'), ('x', '1'), ('99999999999999999999', '1'), (NULL, '1')"
        " AS t(a, b)"
    )
    assert [row and tuple(row) for row in column(frame.coalesce(1), try_divide_exact("a", "b"))] == [
        (3, 1, None),
        (None, None, "division by zero"),
        (None, None, "not a whole number"),
        (None, None, "overflow"),
        None,
    ]


def test_decimals_of_38_digits_and_text_of_any_length_lose_nothing(spark: SparkSession) -> None:
    ninths = "9" * 38
    frame = spark.sql(f"SELECT CAST('{ninths}' AS decimal(38,0)) AS a, CAST('7.000' AS decimal(10,3)) AS b")
    quotient = column(frame, safe_div("a", "b", returns="decimal(38,0)"))
    assert quotient == [Decimal(int(ninths) // 7)]
    assert column(frame, mod("a", "b", returns="decimal(38,3)")) == [Decimal(int(ninths) % 7)]
    long = "8" * 200
    texts = spark.sql(f"SELECT '{long}' AS a, '-{'3' * 50}' AS b")
    assert column(texts, floor_div("a", "b", returns="string")) == [str(int(long) // -int("3" * 50))]
    tiny = spark.sql(
        "SELECT CAST(1 AS decimal(38,0)) AS a,"
        " CAST('0.00000000000000000000000000000000003' AS decimal(38,38)) AS b"
    )
    assert column(tiny, safe_div("a", "b", returns="string")) == [str(10**38 // 3000)]


def test_a_decimals_remainder_keeps_its_digits_or_is_an_overflow(spark: SparkSession) -> None:
    frame = spark.sql("SELECT CAST(7.53 AS decimal(5,2)) AS a, CAST(0.5 AS decimal(3,1)) AS b")
    assert column(frame, safe_mod("a", "b", returns="decimal(5,2)")) == [Decimal("0.03")]
    assert column(frame, safe_mod("a", "b")) == [None]


def test_a_quotient_of_decimals_is_not_null_for_its_remainder_nor_a_remainder_for_its_quotient(
    spark: SparkSession,
) -> None:
    spark_udfs.register(spark)
    row = spark.sql(
        "SELECT safe_div(100.10, 7), safe_div(7.4, 2.5), floor_div(-7.4, 2.5), euclid_div(7.4, 2.5),"
        " euclid_div(-7.4, 2.5), safe_mod(1e37BD, 7), exact_mod(CAST('1e37' AS decimal(38,0)), 9)"
    ).first()
    assert row is not None
    assert tuple(row) == (14, 2, -3, 2, -3, 10**37 % 7, 10**37 % 9)


def test_quotients_are_rounded_to_digits_as_sparks_round_rounds(spark: SparkSession) -> None:
    frame = spark.sql(
        "SELECT * FROM VALUES (10, 3), (-10, 3), (1, 8), (-1, 8), (3, 8), (NULL, 3) AS t(a, b)"
    ).coalesce(1)
    from pyspark.sql.functions import expr

    assert column(frame, div_round("a", "b")) == column(frame, expr("round(CAST(a AS decimal(20,0)) / b, 2)"))
    assert column(frame, div_round("a", "b", 2, "half_even")) == column(
        frame, expr("bround(CAST(a AS decimal(20,0)) / b, 2)")
    )
    assert column(frame, div_round("a", "b", 0, "up")) == [Decimal(n) for n in (4, -4, 1, -1, 1)] + [None]
    assert frame.select(div_round("a", "b", 3)).schema[0].dataType.simpleString() == "decimal(38,3)"


def test_a_quotient_that_has_no_result_follows_ansi_or_is_null_if_safe(spark: SparkSession) -> None:
    from pyspark.errors import PythonException

    frame = spark.sql("SELECT 7L AS a, 0L AS b")
    with pytest.raises(PythonException, match="DivideByZeroException: row 0: 7 was divided by 0"):
        frame.select(div_round("a", "b")).collect()
    assert column(frame, safe_div_round("a", "b")) == [None]
    spark.conf.set("spark.sql.ansi.enabled", "false")
    try:
        assert column(frame, div_round("a", "b")) == [None]
    finally:
        spark.conf.unset("spark.sql.ansi.enabled")
    for options in ({"scale": 39}, {"scale": -1}, {"rounding": "nearest"}):
        with pytest.raises(InvalidOptionError, match="Fix:"):
            div_round("a", "b", **options)


def test_in_sql_scale_and_rounding_are_arguments(spark: SparkSession) -> None:
    spark_udfs.register(spark)
    row = spark.sql(
        "SELECT div_round(10, 3, 2, 'half_up'), div_round_string(1.005, 1, 2, 'half_even'),"
        " safe_div_round(1, 0, 2, 'up'), safe_div_round_string('20', 3, 0, 'floor')"
    ).first()
    assert row is not None
    assert tuple(row) == (Decimal("3.33"), "1.00", None, "6")


def test_amounts_of_text_are_allocated_or_null_and_doubles_end_the_query(spark: SparkSession) -> None:
    from pyspark.errors import PythonException

    frame = spark.sql("SELECT * FROM VALUES ('10'), ('10.55'), ('abc'), (NULL) AS t(a)").coalesce(1)
    assert column(frame, safe_allocate("a", expr_of("array(1, 1)"))) == [
        [Decimal("5.00"), Decimal("5.00")], None, None, None
    ]  # fmt: skip
    doubles = spark.sql("SELECT 10.55D AS a, array(37.5D, 62.5D) AS w, 100.00 AS b")
    for expression in (
        safe_allocate("a", expr_of("array(1, 1)")),
        safe_allocate("b", "w"),
        safe_div_round("a", "b"),
        safe_repeating_decimal("a", "b"),
        safe_mod("b", "a"),
    ):
        with pytest.raises(PythonException, match="a column of integers, decimals or strings"):
            doubles.select(expression).collect()


def expr_of(text: str) -> Any:
    from pyspark.sql.functions import expr

    return expr(text)


def test_amounts_are_allocated_to_the_cent(spark: SparkSession) -> None:
    frame = spark.sql(
        "SELECT * FROM VALUES (CAST(10 AS decimal(10,2)), ARRAY(1, 1, 1)), (-0.05, ARRAY(1, 3)),"
        " (NULL, ARRAY(1)) AS t(a, w)"
    ).coalesce(1)
    assert column(frame, allocate("a", "w")) == [
        [Decimal("3.34"), Decimal("3.33"), Decimal("3.33")],
        [Decimal("-0.01"), Decimal("-0.04")],
        None,
    ]
    weights = spark.sql("SELECT 100 AS a, ARRAY(0.5, 1.25, CAST(0 AS decimal(9,2))) AS w")
    assert column(weights, allocate("a", "w")) == [[Decimal("28.57"), Decimal("71.43"), Decimal("0.00")]]


def test_an_amount_that_cannot_be_allocated_follows_ansi_or_is_null_if_safe(spark: SparkSession) -> None:
    from pyspark.errors import PythonException

    bad = "(1.00, ARRAY(0, 0)), (1.00, ARRAY(2, -1)), (1.00, ARRAY())"
    frame = spark.sql(f"SELECT * FROM VALUES {bad} AS t(a, w)")
    for rows in (frame, spark.sql("SELECT 1.001 AS a, ARRAY(1) AS w")):
        with pytest.raises(PythonException, match="row 0: "):
            rows.select(allocate("a", "w")).collect()
        assert set(column(rows, safe_allocate("a", "w"))) == {None}
    spark.conf.set("spark.sql.ansi.enabled", "false")
    try:
        assert column(frame, allocate("a", "w")) == [None] * 3
    finally:
        spark.conf.unset("spark.sql.ansi.enabled")


def test_repeating_decimals_show_their_period(spark: SparkSession) -> None:
    frame = spark.sql("SELECT CAST(-2.55 AS decimal(5,2)) AS a, 18 AS b")
    assert column(frame, repeating_decimal("a", "b")) == [("-0.141(6)", "-0", "141", "6", 3, 1)]
    assert column(frame, safe_repeating_decimal("a", (frame.b * 0).alias("zero"))) == [None]


def test_all_functions_are_there_in_sql(spark: SparkSession) -> None:
    names = spark_udfs.register(spark)
    row = spark.sql(
        "SELECT safe_div(-7, 2), floor_div(-7, 2), euclid_div(-7, 2), exact_mod(-7, 2), divide_exact(-7, 2),"
        " allocate(1.00, ARRAY(1, 2)), repeating_decimal(1, 12).text, safe_div(1, 0),"
        " safe_mod_decimal(7.5, 2), floor_div_string('-100000000000000000000', '3'),"
        " try_divide_exact(1, 0).error, safe_div_decimal(7.5, 2)"
    ).first()
    assert row is not None
    assert tuple(row) == (
        -3, -4, -4, -1, (-3, -1), [Decimal("0.33"), Decimal("0.67")], "0.08(3)", None, Decimal("1.5"),
        "-33333333333333333334", "division by zero", Decimal(3),
    )  # fmt: skip
    assert len(names) == len(set(names)) == 27


def test_an_unknown_return_type_is_refused_before_anything_runs(spark: SparkSession) -> None:
    for returns in ("double", "decimal(39,0)", "decimal(2,3)"):
        with pytest.raises(InvalidOptionError, match="Fix:"):
            safe_div("a", "b", returns=returns)


def test_a_column_of_doubles_is_refused_and_the_error_lists_the_exact_types(spark: SparkSession) -> None:
    from pyspark.errors import PythonException

    with pytest.raises(PythonException, match="a column of integers, decimals"):
        spark.sql("SELECT 1.0D AS a").select(safe_div("a", "a")).collect()
