"""A run of four tables, each of which ends in another way, for listeners to hear of."""

from __future__ import annotations

import datetime as dt

from lakehouse.errors import TableError
from lakehouse.pipelines import (
    Batch,
    DeclarativePipelineBuilder,
    Failed,
    NothingNew,
    Outcome,
    Refresh,
    Refreshed,
    RunResult,
    Skipped,
    Warehouse,
    from_files,
    graph_of,
    read,
)
from lakehouse.pipelines.check.lineage import (
    ColumnName,
    Edge,
    Influence,
    PipelineLineage,
    TableLineage,
)
from lakehouse.pipelines.open_events import RunSubject
from lakehouse.quality import Tally


def subject(root: str = "/lake") -> RunSubject:
    definition = (
        DeclarativePipelineBuilder("shop")
        .bronze("raw", from_files("in/*.csv", columns={"price": "int"}))
        .silver("sales", read("raw", incremental=True).append())
        .gold("days", read("sales").aggregate(by="price", n="count(1)").replace())
        .gold("rest", read("days").replace())
        .build()
    )
    price = Edge(ColumnName("raw", "price"), Influence.IDENTITY)
    chosen = Edge(ColumnName("raw", "price"), Influence.FILTER)
    sales = TableLineage(
        table="sales", columns={"price": (price, chosen)}, rows=(chosen,), types={"price": "int"}
    )
    return RunSubject(
        run_id="r",
        pipeline="shop",
        graph=graph_of(definition),
        warehouse=Warehouse.at(root),
        lineage=lambda: PipelineLineage(pipeline="shop", tables={"sales": sales}),
    )


def refreshed(table: str) -> Refreshed:
    batch = Batch(flow="f", number=0, planned_at="", starts_over=True, fingerprint="", inputs={}, pinned={})
    tally = Tally(rows_in=9, written=7, dropped=0, quarantined=2, failed=0, broken={})
    done = Refresh(layer="silver", batch=batch, version=4, tally=tally, steps=(), seconds=1.0)
    return Refreshed(table=table, refreshes=(done,))


OUTCOMES: list[Outcome] = [
    NothingNew(table="raw"),
    refreshed("sales"),
    Failed(table="days", error=TableError("it broke."), seconds=1.0),
    Skipped(table="rest", because="days"),
]


def result() -> RunResult:
    return RunResult(
        run_id="r",
        pipeline="shop",
        started_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        seconds=1.0,
        outcomes={outcome.table: outcome for outcome in OUTCOMES},
    )
