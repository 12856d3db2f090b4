"""What the text of an expression tells: which rows it looks at, and whether groups can be made of parts."""

from __future__ import annotations

import pytest
from pyspark.sql import functions as F

from lakehouse.pipelines.declare.expressions import (
    Measure,
    MonotoneColumn,
    plain_column,
    why_not_by_row,
    why_varying,
    why_varying_code,
)


@pytest.mark.parametrize(
    ("text", "calls", "finished"),
    [
        ("sum(revenue)", ["sum(revenue)"], "A"),
        ("SUM(a * b)", ["sum(a * b)"], "A"),
        ("count(*)", ["count(*)"], "A"),
        ("round(sum(a*b)/count(*), 2)", ["sum(a*b)", "count(*)"], "round(A/B, 2)"),
        ("sum(x) FILTER (WHERE paid)", ["sum(x) FILTER (WHERE paid)"], "A"),
        ("count( distinct id)", ["count(DISTINCT id)"], "A"),
        ("count(DISTINCT a, b) filter(where c) / 2", ["count(DISTINCT a, b) FILTER (WHERE c)"], "A / 2"),
        ("avg(x) + max(coalesce(y, 0))", ["avg(x)", "max(coalesce(y, 0))"], "A + B"),
        ("cast(sum(x) AS decimal(10,2))", ["sum(x)"], "cast(A AS decimal(10,2))"),
        ("CASE WHEN count(*) > 1 THEN min(x) END", ["count(*)", "min(x)"], "CASE WHEN A > 1 THEN B END"),
        ("sum(if(name = ')', 1, 0))", ["sum(if(name = ')', 1, 0))"], "A"),
        ("sum(`odd ) name`)", ["sum(`odd ) name`)"], "A"),
        ("max(a.b.c)", ["max(a.b.c)"], "A"),
    ],
)
def test_a_measure_is_read_as_calls_and_what_is_done_with_them(
    text: str, calls: list[str], finished: str
) -> None:
    measure = Measure.of(text)
    assert measure is not None
    assert [call.text for call in measure.calls] == calls
    assert measure.finish(["A", "B"][: len(calls)]) == finished


@pytest.mark.parametrize(
    "text",
    [
        "count(DISTINCT rand())",
        "count(ALL id)",
        "sum(DISTINCT x)",
        "percentile(x, 0.5)",
        "collect_list(x)",
        "first(x)",
        "any_value(x)",
        "stddev(x)",
        "sum(x) / day",
        "sum(x) / `day`",
        "sum(x) + my_function(1)",
        "my_aggregate(x)",
        "sum(my_function(x))",
        "sum(x) OVER (PARTITION BY y)",
        "mode(x) WITHIN GROUP (ORDER BY x)",
        "sum(rand())",
        "sum(x) FILTER (WHERE x > (SELECT 1))",
        "lake.sum(x)",
        "1 + 1",
        "sum(x) -- all of them",
        "sum(x) /* all */",
        "sum(r'\\')",
        "sum(x",
        "sum('x)",
        "{name}",
    ],
)
def test_a_measure_that_may_not_add_up_is_not_read(text: str) -> None:
    assert Measure.of(text) is None


@pytest.mark.parametrize(
    "text",
    ["a > 1 AND b IS NOT NULL", "upper(name)", "cast(x AS int) % 2 = 0", "now > 1", "date_trunc('day', at)"],
)
def test_functions_of_one_row_look_at_one_row(text: str) -> None:
    assert why_varying(text) is None
    assert why_not_by_row(text) is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("day = current_date", "calls current_date"),
        ("day = current_date()", "calls current_date"),
        ("rand() < 0.5", "calls rand"),
        ("x IN (SELECT y FROM other)", "holds a query"),
        ("window(at, '1 hour')", "calls window"),
        ("x > 1 -- really", "has comments"),
    ],
)
def test_what_depends_on_more_than_the_row_is_named(text: str, why: str) -> None:
    assert why in (why_varying(text) or "")
    assert why in (why_not_by_row(text) or "")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("sum(x) AS total", "calls sum"),
        ("row_number() OVER (ORDER BY x)", "calls row_number"),
        ("max(x) OVER w", "calls max"),
        ("my_function(x)", "calls my_function"),
        ("lake.upper(x)", "calls upper"),
        ("`upper`(x)", "calls `upper`"),
    ],
)
def test_what_may_look_at_several_rows_is_named(text: str, why: str) -> None:
    assert why_varying(text) is None
    assert why in (why_not_by_row(text) or "")


def test_a_condition_in_python_is_looked_into() -> None:
    assert why_varying_code(lambda: F.col("x") > 1) is None
    assert "current_date" in (why_varying_code(lambda: F.col("day") == F.current_date()) or "")
    assert "rand" in (why_varying_code(lambda: F.expr("rand() < 0.5")) or "")
    assert "current_date" in (why_varying_code(lambda: next(F.current_date() for _ in "x")) or "")


@pytest.mark.parametrize(
    ("text", "column", "span"),
    [
        ("day", "day", 0),
        ("`order day`", "order day", 0),
        ("to_date(at)", "at", 1),
        ("DATE(at)", "at", 1),
        ("cast(at AS date)", "at", 1),
        ("date_trunc('MONTH', at)", "at", 31),
        ("trunc(at, 'year')", "at", 366),
    ],
)
def test_a_key_that_keeps_the_order_of_a_column_is_read(text: str, column: str, span: int) -> None:
    assert MonotoneColumn.of(text) == MonotoneColumn(column=column, span_days=span)


@pytest.mark.parametrize("text", ["hour(at)", "to_date(at, 'dd')", "a + b", "to_date(upper(at))", "a.b"])
def test_a_key_of_any_other_expression_is_not_read(text: str) -> None:
    assert MonotoneColumn.of(text) is None


def test_a_plain_column_is_a_name_alone() -> None:
    assert [plain_column(each) for each in ("a", " a ", "`a``b`", "a b", "a.b", "1", "*")] == [
        "a",
        "a",
        "a`b",
        None,
        None,
        None,
        None,
    ]
