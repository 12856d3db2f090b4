"""Tables that depend on each other are one lane; those that go by the clock are apart from those that are woken."""

from __future__ import annotations

import datetime as dt

from lakehouse.pipelines import (
    DeclarativePipelineBuilder,
    InvalidOptionsError,
    PipelineDefinition,
    from_rate,
    graph_of,
    read,
)
from lakehouse.pipelines.check.declarations import declaration_problems
from lakehouse.pipelines.run.streams.lanes import lanes_of


def shop(*, every: str | None = None) -> PipelineDefinition:
    return (
        DeclarativePipelineBuilder("shop")
        .bronze("orders", from_rate())
        .bronze("people", from_rate())
        .bronze("clicks", from_rate())
        .silver("sales", read("orders", incremental=True).join(read("people"), on="value").append())
        .gold("days", read("sales").replace(), refresh_every=every)
        .gold("months", read("days").replace())
        .build()
    )


def lanes(definition: PipelineDefinition, *names: str) -> list[tuple[tuple[str, ...], dict]]:
    graph = graph_of(definition)
    return [(lane.tables, dict(lane.periods)) for lane in lanes_of(graph, names or tuple(graph.tables))]


def sets(definition: PipelineDefinition, *names: str) -> list[set[str]]:
    return [set(tables) for tables, _ in lanes(definition, *names)]


def test_what_depends_on_each_other_is_one_lane_in_the_order_of_its_work() -> None:
    found = sets(shop())
    assert len(found) == 2
    assert {"clicks"} in found
    assert {"orders", "people", "sales", "days", "months"} in found
    (tables,) = (tables for tables, _ in lanes(shop()) if "sales" in tables)
    assert tables.index("orders") < tables.index("sales") < tables.index("days") < tables.index("months")


def test_a_table_by_the_clock_is_apart_with_all_that_needs_it() -> None:
    found = lanes(shop(every="5 min"))
    assert {"orders", "people", "sales"} in [set(tables) for tables, _ in found]
    assert found[-1] == (("days", "months"), {"days": dt.timedelta(minutes=5)})


def test_only_selected_tables_are_in_lanes() -> None:
    assert sets(shop(), "people", "orders") in ([{"people"}, {"orders"}], [{"orders"}, {"people"}])


def test_a_length_that_is_none_is_refused() -> None:
    (problem,) = declaration_problems(shop(every="now and then"))
    assert isinstance(problem, InvalidOptionsError)
    assert "refresh_every='now and then'" in str(problem)
