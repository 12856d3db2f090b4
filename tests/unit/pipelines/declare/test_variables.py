"""A variable is filled in wherever a text stands, and an unknown one is refused with the nearest line."""

from __future__ import annotations

import pytest

from lakehouse.pipelines import (
    DeclarativePipelineBuilder,
    PipelineDefinition,
    UnknownVariableError,
    from_files,
    read,
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
