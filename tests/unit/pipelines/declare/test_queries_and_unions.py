"""A query names the tables that it reads in braces; a union adds whole tables: both are known before a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakehouse.pipelines import (
    DeclarativePipelineBuilder,
    NoTableInQueryError,
    UnknownSourceError,
    WholeReadAppendedError,
    from_files,
    read,
    sql,
    sql_file,
)
from lakehouse.pipelines.check.declarations import declaration_problems
from lakehouse.pipelines.declare.yaml import read_yaml_definition
from lakehouse.strict_yaml import YamlError

QUERY = (
    "SELECT * FROM {orders} JOIN {customers} USING (id) "
    """WHERE code RLIKE 'a{2}' AND document = '{"a b": 1}' AND text = '{{x}}'"""
)


def tables_of(flow) -> list[str]:  # type: ignore[no-untyped-def]
    table = DeclarativePipelineBuilder("shop").gold("report", flow.replace()).build().tables[0]
    return [each.table for each in table.inputs()]


def test_a_query_reads_the_tables_that_it_names_in_braces() -> None:
    assert tables_of(sql(QUERY)) == ["orders", "customers"]


def test_a_query_in_a_file_is_the_same_as_in_place(tmp_path: Path) -> None:
    file = tmp_path / "report.sql"
    file.write_text(QUERY)
    assert sql_file(file) == sql(QUERY)


def test_a_query_without_a_table_is_refused_with_its_line() -> None:
    with pytest.raises(NoTableInQueryError, match=r"test_queries_and_unions\.py:\d+: .*Fix: "):
        sql("SELECT 1 WHERE '{{orders}}' = ''")


def test_a_step_may_read_tables_beside_its_input() -> None:
    assert tables_of(read("orders").transform("SELECT * FROM {input} SEMI JOIN {open} USING (id)")) == [
        "orders",
        "open",
    ]


def test_a_union_reads_the_tables_of_its_flows() -> None:
    flow = read("a").union("b", read("c").join("d", on="id"))
    assert tables_of(flow) == ["a", "b", "c", "d"]


def test_a_union_with_a_flow_that_reads_no_table_is_refused() -> None:
    with pytest.raises(UnknownSourceError):
        read("a").union(from_files("x/*.csv"))


def test_a_union_that_is_appended_is_refused() -> None:
    flow = read("a", incremental=True).union("b").append()
    definition = DeclarativePipelineBuilder("shop").silver("c", flow).build()
    assert [type(each) for each in declaration_problems(definition)] == [WholeReadAppendedError]


YAML = """\
name: shop
flows:
  rates:
    read: {table: rates_raw}
    steps: [{where: "rate > 0"}]
tables:
  - name: joined
    layer: gold
    flow:
      read: {table: orders}
      steps: [{join: {flow: rates, on: [currency]}}, {union: {tables: [old], flows: [rates]}}]
    write: replace
  - name: report
    layer: gold
    flow: {sql: "SELECT * FROM {orders}"}
    write: replace
"""


def test_yaml_joins_flows_and_begins_with_queries(tmp_path: Path) -> None:
    file = tmp_path / "shop.yaml"
    file.write_text(YAML)
    joined, report = read_yaml_definition(file).tables
    rates = read("rates_raw").where("rate > 0")
    assert joined.flow == read("orders").join(rates, on="currency").union("old", rates).replace()
    assert report.flow == sql("SELECT * FROM {orders}").replace()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("flow: rates, on", "on", r"shop\.yaml:11: join names a table or a flow"),
        ("flow: rates, on", "flow: rate, on", r"shop\.yaml:11: there is no flow 'rate'.*rates"),
        ("{tables: [old], flows: [rates]}", "{}", r"shop\.yaml:11: union names nothing"),
        ("SELECT * FROM {orders}", "SELECT 1", r"shop\.yaml:15: the query names no table"),
        (
            'sql: "SELECT * FROM {orders}"',
            "sql_file: missing.sql",
            r"shop\.yaml:15: 'missing\.sql' can't be read",
        ),
        ('where: "rate > 0"', "join: {flow: rates, on: [a]}", r"shop\.yaml:5: the flow 'rates' reads itself"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    file = tmp_path / "shop.yaml"
    assert old in YAML
    file.write_text(YAML.replace(old, new))
    with pytest.raises(YamlError, match=message):
        read_yaml_definition(file)
