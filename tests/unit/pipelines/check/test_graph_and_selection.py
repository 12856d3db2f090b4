"""Order, circles and selections, against what a person can see in a small graph."""

from __future__ import annotations

import pytest

from lakehouse.pipelines import DeclarativePipelineBuilder, Flow, PipelineDefinition, from_files, read
from lakehouse.pipelines.check.graph import TableGraph, graph_of
from lakehouse.pipelines.check.selection import select_tables
from lakehouse.pipelines.errors import (
    CycleError,
    DuplicateNameError,
    UnknownSelectionError,
    UnknownSourceError,
)


def pipeline(**inputs: str | None) -> PipelineDefinition:
    builder = DeclarativePipelineBuilder("test")
    for name, source in inputs.items():
        flow = read(source).append() if source else from_files("in/*.csv", columns=["x"])
        builder.table(name, flow, layer="bronze" if source is None else "silver")
    return builder.build()


@pytest.fixture
def diamond() -> TableGraph:
    builder = DeclarativePipelineBuilder("test").bronze("raw", from_files("in/*.csv", columns=["x"]))
    builder.silver("left", read("raw").append()).silver("right", read("raw").append())
    return graph_of(builder.gold("both", read("left").join("right", on="x").replace()).build())


def test_a_table_comes_after_all_that_it_reads(diamond: TableGraph) -> None:
    assert diamond.order[0] == "raw"
    assert diamond.order[-1] == "both"
    assert diamond.upstream("both") == {"raw", "left", "right"}
    assert diamond.downstream("raw") == {"left", "right", "both"}


def test_the_order_does_not_change_from_run_to_run(diamond: TableGraph) -> None:
    assert diamond.order == ("raw", "left", "right", "both")


def test_a_circle_is_named_once_and_does_not_hide_the_rest() -> None:
    graph = graph_of(pipeline(raw=None, a="b", b="c", c="a", behind="a", fine="raw"))
    (problem,) = graph.problems
    assert isinstance(problem, CycleError)
    assert set(problem.tables) == {"a", "b", "c"}
    assert "a <- b <- c <- a" in str(problem)
    assert graph.order == ("raw", "fine")


def test_two_circles_are_two_problems() -> None:
    graph = graph_of(pipeline(a="b", b="a", c="d", d="c"))
    assert [set(problem.tables) for problem in graph.problems] == [{"a", "b"}, {"c", "d"}]


def test_a_table_that_reads_itself_is_a_circle() -> None:
    (problem,) = graph_of(pipeline(a="a")).problems
    assert isinstance(problem, CycleError)


@pytest.mark.parametrize("name", ["staff", "silver.staff"])
def test_a_rule_may_look_rows_up_in_its_own_table(name: str) -> None:
    builder = DeclarativePipelineBuilder("test").bronze("raw", from_files("in/*.csv", columns=["x"]))
    flow = read("raw").references(name, "manager_id", to="id").append()
    graph = graph_of(builder.silver("staff", flow).gold("top", read("staff").replace()).build())
    assert (graph.problems, graph.order) == ((), ("raw", "staff", "top"))
    assert graph.inputs["staff"] == {"raw"}


def test_an_unknown_source_comes_with_the_name_that_was_meant() -> None:
    (problem,) = graph_of(pipeline(sales_raw=None, sales="sale_raw")).problems
    assert isinstance(problem, UnknownSourceError)
    assert "did you mean 'sales_raw'?" in str(problem)
    assert "test_graph_and_selection.py:" in str(problem)


def test_a_name_that_is_given_twice_is_a_problem_with_both_places() -> None:
    flow: Flow = from_files("in/*.csv", columns=["x"])
    definition = DeclarativePipelineBuilder("test").bronze("a", flow).bronze("a", flow).build()
    (problem,) = graph_of(definition).problems
    assert isinstance(problem, DuplicateNameError)
    assert str(problem).count("test_graph_and_selection.py:") == 2


@pytest.mark.parametrize(
    ("selections", "expected"),
    [
        ([], {"raw", "left", "right", "both"}),
        (["left"], {"left"}),
        (["+left"], {"raw", "left"}),
        (["left+"], {"left", "both"}),
        (["+left+"], {"raw", "left", "both"}),
        (["layer:silver"], {"left", "right"}),
        (["layer:silver+"], {"left", "right", "both"}),
        (["raw", "both"], {"raw", "both"}),
    ],
)
def test_a_selection_is_a_name_or_a_layer_with_what_is_before_and_behind(
    diamond: TableGraph, selections: list[str], expected: set[str]
) -> None:
    assert select_tables(diamond, selections) == expected


def test_a_selection_of_nothing_is_an_error_with_a_suggestion(diamond: TableGraph) -> None:
    with pytest.raises(UnknownSelectionError, match="did you mean 'left'"):
        select_tables(diamond, ["+lefft"])
