"""A run of four tables, each of which ends in another way, for listeners to hear of."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

from lakehouse.errors import TableError
from lakehouse.pipelines import (
    Batch,
    DeclarativePipelineBuilder,
    Failed,
    NothingNew,
    Outcome,
    Refresh,
    Refreshed,
    RunListener,
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
from lakehouse.pipelines.open_events.openlineage import OpenLineage
from lakehouse.pipelines.open_events.outbox import Outbox
from lakehouse.quality import Tally


def subject(root: str = "/lake") -> RunSubject:
    judged = read("raw", incremental=True).expect("noted", "price < 9")
    sales = judged.expect_or_quarantine("priced", "price > 0")
    definition = (
        DeclarativePipelineBuilder("shop")
        .bronze("raw", from_files("in/*.csv", columns={"price": "int"}))
        .silver(
            "sales",
            read("raw", incremental=True)
            .expect("noted", "price < 9")
            .expect_or_quarantine("priced", "price > 0")
            .append(),
        )
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
    tally = Tally(rows_in=9, written=7, dropped=0, quarantined=2, failed=0, broken={"priced": 2, "noted": 0})
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


def tell_a_run(listener: RunListener) -> None:
    """Tell a listener of the whole run."""
    listener.run_started("shop", ["raw", "sales", "days", "rest"])
    listener.step_done("sales", "batch")
    listener.step_done("sales", "publish")
    for outcome in OUTCOMES:
        listener.table_finished(outcome)
    listener.run_finished(result())


def events_of_a_run(
    tell: Callable[[RunListener], object] = tell_a_run, **options: Any
) -> list[dict[str, Any]]:
    """Return OpenLineage's events that are sent while ``tell`` tells a listener what happens."""
    sent: list[bytes] = []
    outbox = Outbox(sent.append)
    tell(OpenLineage(subject(), outbox, **options))
    outbox.flush()
    return [json.loads(each) for each in sent]
