"""Views stand for their steps, and one name may be in two layers; what is wrong with either is found without Spark."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakehouse.pipelines import (
    DeclarativePipelineBuilder,
    Flow,
    PipelineDefinition,
    from_files,
    graph_of,
    read,
    read_yaml_definition,
    select_tables,
    sql,
)
from lakehouse.pipelines.check.declarations import declaration_problems
from lakehouse.pipelines.refresh.factory import PipelineFactory
from lakehouse.pipelines.refresh.shared_frames import shared_prefixes

RAW = from_files("raw/*.csv", columns=["id", "day"])
CLEAN = read("raw").where("id > 0").expect_or_drop("dated", "day IS NOT NULL")


def shop(view: Flow = CLEAN, **tables: Flow) -> PipelineDefinition:
    builder = DeclarativePipelineBuilder("shop").bronze("raw", RAW.append()).view("clean", view)
    for name, flow in tables.items():
        builder.gold(name, flow)
    return builder.build()


def problems(definition: PipelineDefinition) -> str:
    found = [*graph_of(definition).problems, *declaration_problems(definition)]
    return "\n".join(map(str, found))


def test_a_table_goes_on_from_the_steps_and_rules_of_a_view() -> None:
    table = graph_of(shop(days=read("clean").aggregate(by="day").replace())).tables["days"]
    assert [step.label for step in table.flow.steps][:2] == ["where(id > 0)", "clean"]
    assert table.flow.source.whole_table == "raw"
    assert table.ends_of_views == {2}


def test_reading_only_the_new_rows_of_a_view_reads_only_the_new_rows_of_its_table() -> None:
    new = graph_of(shop(days=read("clean", incremental=True).append())).tables["days"]
    assert new.flow.source == read("raw", incremental=True).source


def test_a_table_needs_what_its_views_read_wherever_they_are_named() -> None:
    definition = shop(
        view=read("raw").join("raw2", on="id"),
        joined=read("raw").join("clean", on="id").replace(),
        asked=sql("SELECT * FROM {raw} JOIN {clean} USING (id)").replace(),
        raw2=read("raw").replace(),
    )
    inputs = graph_of(definition).inputs
    assert inputs["joined"] == inputs["asked"] == {"raw", "raw2"}
    assert not graph_of(definition).problems


def test_only_the_steps_of_a_view_are_shared_where_a_layer_shares_no_others() -> None:
    days = read("clean").select("day")
    definition = shop(a=days.append(), b=days.append(), c=read("raw").where("id > 0").replace())
    tables = graph_of(definition).tables.values()
    assert shared_prefixes(tables, any_steps=PipelineFactory.shares_steps) == {
        "raw": 0,
        "a": 2,
        "b": 2,
        "c": 0,
    }


@pytest.mark.parametrize(
    ("view", "wrong"),
    [
        (CLEAN.replace(), "the view 'clean' ends in replace"),
        (CLEAN.not_null("id"), "has the action 'quarantine' in a view"),
        (CLEAN.unique("id", action="drop"), "the rule 'unique(id)' has no place in a view"),
        (CLEAN.row_count(1), "the rule 'row_count' has no place in a view"),
        (read("clean"), "tables read each other in a circle: clean <- clean"),
        (RAW, "the view 'clean' begins with 'raw/*.csv', and 'days' reads it beside its own source"),
    ],
)
def test_what_a_view_can_not_say_is_found_with_its_line(view: Flow, wrong: str) -> None:
    found = problems(shop(view, days=read("raw").join("clean", on="id").replace()))
    assert wrong in found
    assert "test_checked_views.py:" in found
    assert "Fix: " in found


def test_a_view_and_a_table_need_names_of_their_own() -> None:
    assert "'clean' is declared already at" in problems(shop(clean=read("raw").replace()))


def test_a_rule_can_not_look_rows_up_in_a_view() -> None:
    found = problems(shop(days=read("raw").references("clean", "id").replace()))
    assert "has the view 'clean' to look rows up in" in found


def test_one_name_in_two_layers_is_told_apart_by_the_layer() -> None:
    silver = read("bronze.customers", incremental=True).append()
    definition = (
        DeclarativePipelineBuilder("shop")
        .bronze("customers", RAW.append())
        .silver("customers", silver)
        .gold(
            "days",
            sql("SELECT day FROM {silver.customers} JOIN {bronze.customers} USING (id, day)").replace(),
        )
        .gold("only", read("gold.days").replace())
        .build()
    )
    graph = graph_of(definition)
    assert not graph_of(definition).problems
    assert graph.order == ("bronze.customers", "silver.customers", "days", "only")
    assert graph.inputs["days"] == {"bronze.customers", "silver.customers"}
    assert graph.inputs["only"] == {"days"}
    assert [table.folder for table in graph.tables.values()] == ["customers", "customers", "days", "only"]
    assert select_tables(graph, ["silver.customers"]) == {"silver.customers"}
    assert select_tables(graph, ["gold.days"]) == {"days"}


def test_a_name_with_a_dot_that_is_no_layer_is_refused() -> None:
    builder = DeclarativePipelineBuilder("shop").gold("other.days", read("raw").replace())
    assert "'other.days' can't name a table" in problems(builder.build())


def test_a_name_that_two_layers_have_says_nothing_alone() -> None:
    builder = DeclarativePipelineBuilder("shop").bronze("customers", RAW.append())
    builder.silver("customers", read("customers", incremental=True).append())
    found = problems(builder.build())
    assert "reads 'customers', which is not declared" in found
    assert "Fix: say which: bronze.customers or silver.customers." in found


def test_the_same_views_are_declared_in_yaml(tmp_path: Path) -> None:
    file = tmp_path / "shop.yaml"
    file.write_text(
        "name: shop\n"
        "views:\n"
        "  - name: clean\n"
        "    flow: {read: {table: raw}, steps: [{where: id > 0}], expect_or_drop: {dated: day IS NOT NULL}}\n"
        "tables:\n"
        "  - {name: raw, layer: bronze, flow: {from_files: {pattern: raw/*.csv, columns: [id, day]}}, write: append}\n"
        "  - {name: days, layer: gold, flow: {read: {table: clean}}, write: replace}\n"
    )
    declared, expected = read_yaml_definition(file), shop(days=read("clean").replace())
    assert declared.views == expected.views
    assert graph_of(declared).tables["days"] == graph_of(expected).tables["days"]
