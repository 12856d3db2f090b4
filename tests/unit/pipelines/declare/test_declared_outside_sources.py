"""Rows from the definition and tables from outside are declared alike in Python and YAML."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakehouse.pipelines import (
    DeclarativePipelineBuilder,
    Flow,
    UnknownColumnError,
    Warehouse,
    from_delta,
    from_parquet,
    from_range,
    from_rows,
    from_table,
    graph_of,
    read,
    read_yaml_definition,
)
from lakehouse.pipelines.check.declarations import declaration_problems

RATES = {"currency": "string", "rate": "decimal(10,2)", "day": "date"}


def flow_in_yaml(tmp_path: Path, flow: str) -> Flow:
    file = tmp_path / "shop.yaml"
    file.write_text(
        "name: shop\nschemas: {rates: {currency: string, rate: 'decimal(10,2)', day: date}}\n"
        f"tables:\n  - {{name: t, layer: gold, flow: {flow}, write: replace}}\n"
    )
    return read_yaml_definition(file).tables[0].flow


@pytest.mark.parametrize(
    ("text", "flow"),
    [
        (
            "{from_rows: {columns: rates, rows: [[EUR, 1, 2024-01-01], [USD, 1.1, null]]}}".replace(
                "2024-01-01", "'2024-01-01'"
            ),
            from_rows([("EUR", 1, "2024-01-01"), {"currency": "USD", "rate": 1.1}], columns=RATES),
        ),
        ("{from_range: {stop: 10, column: n}}", from_range(10, column="n")),
        ("{from_delta: {table: gold.days, incremental: true}}", from_delta("gold.days", incremental=True)),
        ("{from_parquet: {path: old/days, columns: rates}}", from_parquet("old/days", columns=RATES)),
        ("{from_table: {table: gold.days}}", from_delta("gold.days")),
        (
            "{from_table: {table: old/days, format: parquet, columns: rates}}",
            from_parquet("old/days", columns=RATES),
        ),
        (
            "{from_table: {table: ice.shop.rates, format: iceberg, columns: rates, incremental: true}}",
            from_table("ice.shop.rates", format="iceberg", columns=RATES, incremental=True),
        ),
    ],
)
def test_yaml_gives_what_python_gives(tmp_path: Path, text: str, flow: Flow) -> None:
    assert flow_in_yaml(tmp_path, text) == flow.replace()


@pytest.mark.parametrize(
    ("flow", "wrong"),
    [
        (from_table("a.b.c", format="hudi", columns=RATES), "from_table has format='hudi'"),
        (from_table("a.b.c"), "no columns for 'a.b.c'"),
        (from_table("/a/b", columns=RATES), "a path, '/a/b'"),
        (
            from_table("a.b", format="parquet", columns=RATES, incremental=True),
            "incremental=True, and parquet has no versions",
        ),
    ],
)
def test_a_table_of_a_catalog_that_can_not_be_read_is_refused_without_spark(flow: Flow, wrong: str) -> None:
    flow = flow.append() if "incremental" in wrong else flow.replace()
    (found,) = declaration_problems(DeclarativePipelineBuilder("shop").gold("t", flow).build())
    assert wrong in str(found)


def test_a_row_of_another_length_is_found_without_spark() -> None:
    builder = DeclarativePipelineBuilder("shop")
    builder.gold("t", from_rows([("EUR", 1)], columns=RATES).replace())
    (found,) = declaration_problems(builder.build())
    assert "from_rows has 2 values in row 1 for 3 columns" in str(found)


def test_a_row_that_names_an_unknown_column_is_refused_at_once() -> None:
    with pytest.raises(UnknownColumnError, match=r"names the column 'rat'.*did you mean 'rate'"):
        from_rows([{"rat": 1}], columns=RATES)


def test_a_table_from_outside_is_no_table_of_the_pipeline() -> None:
    builder = DeclarativePipelineBuilder("shop").gold("days", from_delta("silver.sales").replace())
    builder.gold("both", read("days").join(from_delta("/data/rates"), on="day").replace())
    graph = graph_of(builder.build())
    assert not graph.problems
    assert graph.inputs["both"] == {"days"}
    own = DeclarativePipelineBuilder("shop").gold("days", from_delta("gold.days").replace()).build()
    assert "reads 'gold.days' as a table from outside, and this pipeline makes it" in str(
        graph_of(own).problems[0]
    )


@pytest.mark.parametrize(
    ("named", "path"),
    [
        ("silver.sales", "/lake/silver/sales"),
        ("/data/rates", "/data/rates"),
        ("s3://bucket/rates.v1", "s3://bucket/rates.v1"),
        ("data/rates.v1", str(Path("data/rates.v1").absolute())),
    ],
)
def test_a_table_from_outside_is_a_path_or_one_of_the_warehouse(named: str, path: str) -> None:
    assert Warehouse.at("/lake").path_of_outside(named) == path
