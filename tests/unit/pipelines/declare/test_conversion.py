"""A definition that is written as YAML, or as Python, reads back as the same one; what can't be said is refused."""

from __future__ import annotations

import datetime as dt
import json
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft202012Validator
from pyspark.sql import Column
from pyspark.sql import functions as F

from lakehouse.ingestion import FileFormat
from lakehouse.pipelines import (
    DeclarativePipelineBuilder,
    DefinitionErrors,
    Flow,
    FlowRule,
    PipelineDefinition,
    Source,
    Step,
    WriteMode,
    definition_schema,
    from_files,
    from_rows,
    read,
    read_yaml_definition,
    sql,
    write_python_definition,
    write_yaml_definition,
)
from lakehouse.pipelines.declare.steps import Aggregate
from lakehouse.pipelines.declare.table_options import TableOptions
from tests.unit.pipelines.declare import any_definitions
from tests.unit.pipelines.declare.transformations import positive

HERE = any_definitions.HERE
SCHEMA = Draft202012Validator(definition_schema(Path(__file__).with_name("with_extension.yaml")))


@pytest.fixture(scope="module", autouse=True)
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("project")
    (folder / any_definitions.SEED).write_text("code,units\nDE,1\nFR,\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield folder


def through_yaml(definition: PipelineDefinition) -> PipelineDefinition:
    text = write_yaml_definition(definition)
    SCHEMA.validate(yaml.safe_load(text))
    Path("written.yaml").write_text(text, encoding="utf-8")
    return read_yaml_definition(Path("written.yaml"))


def through_python(definition: PipelineDefinition) -> PipelineDefinition:
    Path("written.py").write_text(write_python_definition(definition), encoding="utf-8")
    found: PipelineDefinition = runpy.run_path("written.py")["pipeline"]
    return found


def test_every_word_is_among_the_definitions_of_the_law() -> None:
    library = {
        Source: any_definitions.SOURCES,
        WriteMode: any_definitions.MODES,
        FlowRule: any_definitions.RULES,
    }
    for kind, strategies in {
        **library,
        Step: any_definitions.STEPS,
        FileFormat: any_definitions.FORMATS,
    }.items():
        words = {
            word
            for word, cls in kind.words.items()
            if cls.__module__.startswith("lakehouse.") or word == "first_rows"
        }
        assert set(strategies) == words
    assert set(any_definitions.OPTIONS) == set(TableOptions.__dataclass_fields__)


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(definition=any_definitions.definitions)
def test_any_definition_is_the_same_after_yaml_and_after_python(definition: PipelineDefinition) -> None:
    assert through_yaml(definition) == definition
    assert through_python(definition) == definition
    assert through_yaml(through_python(definition)) == definition


def one_table(flow: Flow, **options: Any) -> PipelineDefinition:
    return DeclarativePipelineBuilder("shop").gold("report", flow, **options).build()


def test_yaml_is_written_as_a_person_writes_it() -> None:
    rates = read("rates").where("rate > 0")
    definition = (
        DeclarativePipelineBuilder("shop")
        .variable("landing", default="data")
        .bronze("raw", from_files("${landing}/*.csv", columns=["id", "day"]))
        .silver(
            "orders",
            read("raw", incremental=True)
            .transform(positive)
            .join(rates, on="day")
            .expect("known", "id IS NOT NULL")
            .unique("id", action="drop")
            .merge("id"),
            comment="all orders",
        )
        .gold("report", sql("SELECT day,\n  count(*) AS n\nFROM {orders}\nGROUP BY day").replace())
        .build()
    )
    assert write_yaml_definition(definition) == (
        """\
name: shop
variables: {landing: data}
flows:
  rates:
    read: {table: rates}
    steps:
      - {where: rate > 0}
tables:
  - name: raw
    layer: bronze
    flow:
      from_files:
        pattern: ${landing}/*.csv
        columns: [id, day]
  - name: orders
    layer: silver
    options: {comment: all orders}
    flow:
      read: {table: raw, incremental: true}
      steps:
        - {transform: 'tests.unit.pipelines.declare.transformations:positive'}
        - join:
            flow: rates
            'on': [day]
      expect: {known: id IS NOT NULL}
      rules:
        - unique:
            columns: [id]
            action: drop
    write:
      merge: [id]
  - name: report
    layer: gold
    flow:
      sql: |-
        SELECT day,
          count(*) AS n
        FROM {orders}
        GROUP BY day
    write: replace
"""
    )


def test_python_is_written_as_a_person_writes_it() -> None:
    flow = read("orders").transform(positive).where("units > 1").aggregate(by="day", units="sum(units)")
    text = write_python_definition(one_table(flow.replace(), partition_by="day"))
    assert text == (
        '''\
"""The pipeline shop."""

from lakehouse.pipelines import DeclarativePipelineBuilder, read

from tests.unit.pipelines.declare.transformations import positive

pipeline = (
    DeclarativePipelineBuilder("shop")
    .gold(
        "report",
        (
            read("orders")
            .transform(positive)
            .where("units > 1")
            .aggregate(by=["day"], units="sum(units)")
            .replace()
        ),
        partition_by=("day",),
    )
    .build()
)
'''
    )


def own_condition() -> Column:
    return F.col("units") > 0


class Counted:
    """Callable, and no function."""

    def __call__(self, frame: Any) -> Any:
        return frame


UNSAYABLE: dict[str, tuple[Flow, str]] = {
    "a condition as code": (
        read("orders").where(lambda: F.col("units") > 0),
        r"where\(…\) of 'report' can't be written in YAML: <lambda> is code\. Fix: write the condition as SQL",
    ),
    "a rule as code": (
        read("orders").expect_or_drop("few", own_condition),
        r"the rule 'few' of 'report' can't be written in YAML: own_condition is code\. Fix: ",
    ),
    "a lambda": (
        read("orders").transform(lambda frame: frame),
        r"transform\(<lambda>\) of 'report' can't be written in YAML: a lambda has no name to import it by\. Fix: ",
    ),
    "an object in place of a function": (
        read("orders").transform(Counted()),
        r"transform\(.*Counted.*\) of 'report' can't be written in YAML: .*Counted object.* is no function\. Fix: ",
    ),
    "a date": (
        from_rows([[dt.date(2024, 1, 1)]], columns={"day": "date"}),
        r"from_rows\(day\) of 'report' can't .*: datetime\.date\(2024, 1, 1\) is no text\. Fix: .*'2024-01-01'",
    ),
    "a lambda in a flow that is joined": (
        read("orders").join(read("rates").transform(lambda frame: frame), on="day"),
        r"transform\(<lambda>\) of 'report' can't be written in YAML: a lambda",
    ),
}


@pytest.mark.parametrize("case", UNSAYABLE)
def test_what_yaml_cannot_say_is_refused_with_table_step_line_and_a_way_out(case: str) -> None:
    flow, message = UNSAYABLE[case]
    with pytest.raises(DefinitionErrors, match=rf"test_conversion\.py:\d+: {message}"):
        write_yaml_definition(one_table(flow.replace()))


def test_all_that_yaml_cannot_say_is_told_at_once() -> None:
    flow = read("orders").where(lambda: F.lit(True)).transform(lambda frame: frame).expect("a", own_condition)
    with pytest.raises(DefinitionErrors) as refused:
        write_yaml_definition(one_table(flow.replace()))
    assert [type(each).__name__ for each in refused.value.errors] == ["InexpressibleError"] * 3


def test_python_takes_a_condition_that_is_a_function_and_a_day() -> None:
    flow = from_rows([[dt.date(2024, 1, 1)]], columns={"day": "date"}).where(own_condition).replace()
    definition = one_table(flow)
    assert through_python(definition) == definition
    for flow, wrong in (
        (read("orders").transform(lambda frame: frame), "a lambda has no name"),
        (
            read("orders").step(Aggregate(by=(), measures=(("by", "1"),), location=HERE)),
            "measure is called 'by'",
        ),
    ):
        with pytest.raises(DefinitionErrors, match=wrong):
            write_python_definition(one_table(flow))


def test_a_flow_that_two_tables_join_is_written_once_and_another_of_its_name_apart() -> None:
    rates, other = read("rates").where("rate > 0"), read("rates").where("rate > 1")
    flow = read("orders").join(rates, on="day").union(rates, other).replace()
    definition = one_table(flow)
    written = yaml.safe_load(write_yaml_definition(definition))
    assert list(written["flows"]) == ["rates", "rates_2"]
    assert through_yaml(definition) == definition


def test_a_single_name_needs_no_list_in_either_language(project: Path) -> None:
    flow = (
        read("a")
        .select("x")
        .deduplicate("x")
        .join("b", on="x")
        .union("c")
        .aggregate(by="x", n="count(*)")
        .not_null("x")
        .unique("x")
        .references("b", "x")
    )
    definition = (
        DeclarativePipelineBuilder("shop")
        .bronze("raw", from_files("*.csv", columns=["x"], optional="x", path_columns="day"))
        .silver("merged", flow.merge("x"), partition_by="x")
        .silver("current", read("a").apply_changes(keys="x", sequence_by="y", except_column_list="z"))
        .silver("other", read("a").apply_changes_from_snapshots(keys="x"), cluster_by="x")
        .build()
    )
    steps = [
        {"select": "x"},
        {"deduplicate": {"keys": "x"}},
        {"join": {"table": "b", "on": "x"}},
        {"union": {"tables": "c"}},
        {"aggregate": {"by": "x", "measures": {"n": "count(*)"}}},
    ]
    rules = [
        {"not_null": {"columns": "x"}},
        {"unique": {"columns": "x"}},
        {"references": {"table": "b", "columns": "x"}},
    ]
    from_a = {"read": {"table": "a"}}
    files = {"pattern": "*.csv", "columns": ["x"], "optional": "x", "path_columns": "day"}
    changes = {"keys": "x", "sequence_by": "y", "except_column_list": "z"}
    tables = [
        {"name": "raw", "layer": "bronze", "flow": {"from_files": files}},
        {
            "name": "merged",
            "layer": "silver",
            "flow": {**from_a, "steps": steps, "rules": rules},
            "write": {"merge": "x"},
            "options": {"partition_by": "x"},
        },
        {"name": "current", "layer": "silver", "flow": from_a, "write": {"apply_changes": changes}},
        {
            "name": "other",
            "layer": "silver",
            "flow": from_a,
            "write": {"apply_changes_from_snapshots": {"keys": "x"}},
            "options": {"cluster_by": "x"},
        },
    ]
    given = {"name": "shop", "tables": tables}
    SCHEMA.validate(given)
    (project / "single.yaml").write_text(json.dumps(given))
    assert read_yaml_definition(project / "single.yaml") == definition


def test_a_day_needs_no_quotes_in_yaml(project: Path) -> None:
    text = """\
name: shop
variables: {cut: 2024-01-31, until: {default: 2024-02-01, type: date}}
tables:
  - {name: t, layer: gold, flow: {from_rows: {columns: {day: date}, rows: [[2024-01-02]]}}, write: replace}
"""
    (project / "days.yaml").write_text(text)
    definition = read_yaml_definition(project / "days.yaml")
    assert [each.value() for each in definition.variables] == ["2024-01-31", dt.date(2024, 2, 1)]
    (table,) = definition.tables
    assert table.flow.source == from_rows([["2024-01-02"]], columns={"day": "date"}).source
    assert through_yaml(definition) == definition
