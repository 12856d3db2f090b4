"""A variable is filled in wherever a text stands, and an unknown one is refused with the nearest line."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from lakehouse.masking import masked
from lakehouse.pipelines import (
    DeclarativePipelineBuilder,
    Flow,
    InvalidVariableError,
    MissingVariableError,
    PipelineDefinition,
    UnknownVariableError,
    definition_schema,
    from_files,
    read,
    read_yaml_definition,
    sql,
)
from lakehouse.quality import CastPolicy


def definition() -> PipelineDefinition:
    flow = (
        read("raw", incremental=True)
        .select("id", "'${wanted}' AS w")
        .where("k = '${wanted}'")
        .transform("SELECT * FROM {input} WHERE k <> '$${wanted}'")
        .join(read("other").where("x = '${wanted}'"), on="id")
        .aggregate(by="id", n="count_if(k = '${wanted}')")
        .expect("wanted", "w = '${wanted}'")
        .merge("${wanted}")
    )
    return (
        DeclarativePipelineBuilder("test")
        .variable("wanted", default="x")
        .bronze("raw", from_files("${wanted}/*.csv", columns=["id", "k"], delimiter=";"))
        .silver("t", flow)
        .build()
    )


def test_every_text_of_a_declaration_is_filled() -> None:
    raw, t = definition().with_variables({"wanted": "v"}).tables
    assert raw.flow.source.label == "'v/*.csv'"
    select, where, sql, join, aggregate = t.flow.steps
    assert select.label == "select(id, 'v' AS w)"
    assert where.label == "where(k = 'v')"
    assert sql.query == "SELECT * FROM {input} WHERE k <> '${wanted}'"  # type: ignore[attr-defined]
    assert join.other.steps[0].label == "where(x = 'v')"  # type: ignore[attr-defined]
    assert aggregate.measures == (("n", "count_if(k = 'v')"),)  # type: ignore[attr-defined]
    assert t.flow.expectations[0].condition == "w = 'v'"
    assert t.flow.write_mode is not None
    assert t.flow.write_mode.name == "merge(v)"


def test_an_unknown_variable_is_refused_with_the_line_that_names_it() -> None:
    flow = read("raw", incremental=True).where("id > 0")
    flow = flow.where("k = '${wantd}'").append()
    built = DeclarativePipelineBuilder("test").variable("wanted", default="x").silver("t", flow).build()
    with pytest.raises(UnknownVariableError, match="did you mean 'wanted'") as error:
        built.with_variables({})
    assert f"test_variables.py:{flow.steps[1].location.line}:" in str(error.value)


def test_what_is_not_a_text_stays_as_it_is() -> None:
    flow = read("raw", incremental=True).cast({"id": "int"}).deduplicate("id", keep="any").append()
    (table,) = DeclarativePipelineBuilder("test").silver("t", flow).build().with_variables({}).tables
    assert table.flow == flow
    assert table.flow.steps[0].on_error is CastPolicy.QUARANTINE  # type: ignore[attr-defined]


def filled(flow: Flow, values: dict[str, Any] | None = None, **variables: Any) -> Flow:
    builder = DeclarativePipelineBuilder("test").gold("t", flow)
    for name, default in variables.items():
        builder.variable(name, default=default)
    return builder.build().with_variables(values or {}).tables[0].flow


def test_a_variable_in_sql_is_no_table() -> None:
    flow = filled(
        sql("SELECT * FROM {raw} WHERE day > '${cut}' AND k <> '$${cut}'"), cut=dt.date(2024, 1, 31)
    )
    assert [each.table for each in flow.source.tables()] == ["raw"]
    (step,) = flow.steps
    assert step.query == "SELECT * FROM {raw} WHERE day > '2024-01-31' AND k <> '${cut}'"  # type: ignore[attr-defined]
    assert not step.tables()


def test_a_variable_alone_has_its_type_where_values_are_asked_for_and_a_list_spreads() -> None:
    flow = filled(
        read("raw")
        .accepted("status", "${statuses}")
        .accepted("code", ["x", "${statuses}"])
        .between("units", "${least}", 10)
        .row_count("${least}")
        .where("status IN (${statuses}) AND units >= ${least}"),
        statuses=["open", "it's"],
        least=3,
    )
    status, code, units, count = flow.rules
    assert status.values == ("open", "it's")  # type: ignore[attr-defined]
    assert code.values == ("x", "open", "it's")  # type: ignore[attr-defined]
    assert (units.minimum, count.minimum) == (3, 3)  # type: ignore[attr-defined]
    assert flow.steps[0].label == "where(status IN ('open', 'it\\'s') AND units >= 3)"


@pytest.mark.parametrize(
    ("default", "given", "wrong"),
    [
        (1, "many", "the variable 'v' is 'many', expected a whole number"),
        (1, 1.5, "expected a whole number"),
        (1.5, "x", "expected a number"),
        (True, "maybe", "expected true or false"),
        (dt.date(2024, 1, 1), "31.01.2024", "expected a date such as 2024-01-31"),
    ],
)
def test_a_value_of_another_type_is_refused(default: Any, given: Any, wrong: str) -> None:
    with pytest.raises(InvalidVariableError, match=wrong) as refused:
        filled(read("raw"), {"v": given}, v=default)
    assert "test_variables.py:" in str(refused.value)
    assert "Fix: give it another value: --set v=" in str(refused.value)


@pytest.mark.parametrize(
    ("default", "given", "text"),
    [
        (1, "07", "7"),
        (False, "yes", "true"),
        (dt.date(2024, 1, 1), "2024-02-29", "2024-02-29"),
        (["a"], "x, y", "'x', 'y'"),
        ([1, 2], None, "1, 2"),
    ],
)
def test_what_is_set_on_a_command_line_gets_the_type_of_the_default(
    default: Any, given: Any, text: str
) -> None:
    values = {} if given is None else {"v": given}
    assert filled(read("raw").where("${v}"), values, v=default).steps[0].label == f"where({text})"


def test_a_value_comes_from_what_is_set_or_the_environment_or_a_file_or_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "secret"
    file.write_text("very-secret\n")
    builder = DeclarativePipelineBuilder("test").variable("day", default="x", source="env:LAKEHOUSE_DAY")
    builder.variable("key", source=f"file:{file}").variable("none", source="env:LAKEHOUSE_NOTHING")
    definition = builder.gold("t", read("raw").where("'${day}' = '${key}'").where("${none}")).build()

    def labels(values: dict[str, Any]) -> list[str]:
        return [
            step.label for step in definition.with_variables({"none": "1", **values}).tables[0].flow.steps
        ]

    assert labels({})[0] == "where('x' = 'very-secret')"
    monkeypatch.setenv("LAKEHOUSE_DAY", "monday")
    assert labels({})[0] == "where('monday' = 'very-secret')"
    assert labels({"day": "friday"})[0] == "where('friday' = 'very-secret')"
    assert masked(labels({})[0]) == "where('monday' = '***')"
    with pytest.raises(
        MissingVariableError, match="'none' has no value, and env:LAKEHOUSE_NOTHING gives none"
    ):
        definition.with_variables({})


def test_variables_in_yaml_have_types_and_stand_for_any_value(tmp_path: Path) -> None:
    file = tmp_path / "shop.yaml"
    file.write_text(
        "name: shop\n"
        "variables: {least: 3, statuses: [open, closed], day: {type: date, source: env:LAKEHOUSE_DAY_2}}\n"
        "tables:\n"
        "  - name: t\n"
        "    layer: gold\n"
        "    flow:\n"
        "      read: {table: raw}\n"
        "      rules:\n"
        "        - row_count: {minimum: '${least}'}\n"
        "        - accepted: {column: status, values: '${statuses}'}\n"
        "    write: replace\n"
    )
    definition = read_yaml_definition(file)
    count, status = definition.with_variables({"day": "2024-01-01"}).tables[0].flow.rules
    assert count.minimum == 3  # type: ignore[attr-defined]
    assert status.values == ("open", "closed")  # type: ignore[attr-defined]
    with pytest.raises(InvalidVariableError, match=r"shop\.yaml:2: the variable 'day' is 'monday'"):
        definition.with_variables({"day": "monday"})
    row_count = definition_schema()["$defs"]["RowCount"]["properties"]["minimum"]
    assert any(each.get("pattern") == r"^\$\{(\w+)\}$" for each in row_count["anyOf"])
