"""A report says what the event log, the definition and the tables' own logs say, for each table as it stands now."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pyarrow as pa
import pytest

from lakehouse import masking
from lakehouse.delta_log import TransactionManager
from lakehouse.errors import TableError
from lakehouse.pipelines import (
    Batch,
    DeclarativePipelineBuilder,
    EventLog,
    Failed,
    NothingNew,
    Outcome,
    PipelineDefinition,
    Refresh,
    Refreshed,
    RunResult,
    Skipped,
    Warehouse,
    from_files,
    last_runs,
    read,
    report_of,
    report_page,
    runs_before,
)
from lakehouse.pipelines.check.lineage import (
    ColumnName,
    Edge,
    Influence,
    OpaqueStep,
    PipelineLineage,
    TableLineage,
)
from lakehouse.pipelines.record.outcomes import MicroBatch
from lakehouse.pipelines.refresh.row_counts import StepCount
from lakehouse.pipelines.report.model import Report, ReportTable, State
from lakehouse.quality import Tally

NOON = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)


def shop() -> PipelineDefinition:
    cleaned = read("raw", incremental=True).where("units > 0").expect_or_quarantine("priced", "price > 0")
    return (
        DeclarativePipelineBuilder("shop")
        .bronze("raw", from_files("in/*.csv", columns={"units": "int", "price": "int"}))
        .silver("sales", cleaned.append(), comment="What was sold.", owner="ann", tags={"domain": "retail"})
        .gold("total", read("sales").aggregate(by="units", price="sum(price)").replace())
        .build()
    )


def refreshed(table: str, number: int, *, broken: int, taken_out: int = 4) -> Refreshed:
    batch = Batch(
        flow="f", number=number, planned_at="", starts_over=False, fingerprint="", inputs={}, pinned={}
    )
    tally = Tally(
        rows_in=100, written=100 - broken, dropped=0, quarantined=broken, failed=0, broken={"priced": broken}
    )
    step = StepCount(step="where(units > 0)", rows_in=100 + taken_out, rows_out=100)
    refresh = Refresh(layer="silver", batch=batch, version=number, tally=tally, steps=(step,), seconds=2.0)
    return Refreshed(table=table, refreshes=(refresh,))


def failed(table: str) -> Failed:
    error = TableError("the table can't be written: the disk is full.", fix="make room.")
    return Failed(table=table, error=error, seconds=1.0)


def ran(warehouse: Warehouse, number: int, *outcomes: Outcome, stream: str = "") -> None:
    """Record a run, ``number`` hours after noon; it may be a stream's."""
    place = MicroBatch(stream=stream, mode="continuous", number=number) if stream else None
    result = RunResult(
        run_id=f"{stream}-{number}" if stream else f"r{number}",
        micro_batch=place,
        pipeline="shop",
        started_at=NOON + dt.timedelta(hours=number),
        seconds=5.0,
        outcomes={outcome.table: outcome for outcome in outcomes},
    )
    EventLog(warehouse).append(result)


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse.at(tmp_path / "lake")


def reported(
    warehouse: Warehouse, *, last: int = 30, **more: object
) -> tuple[Report, dict[str, ReportTable]]:
    runs = last_runs(EventLog(warehouse), pipeline="shop", limit=last)
    earlier = runs_before(EventLog(warehouse), runs, pipeline="shop", tables=["raw", "sales", "total"])
    report = report_of(shop(), warehouse=warehouse, runs=runs, earlier=earlier, **more)  # type: ignore[arg-type]
    return report, {table.name: table for table in report.tables}


def test_before_the_first_run_tables_are_declared_and_not_run(warehouse: Warehouse) -> None:
    report, tables = reported(warehouse)
    assert list(tables) == ["raw", "sales", "total"]
    assert {table.state for table in tables.values()} == {State.NOT_RUN}
    assert tables["sales"].reads == ("raw",)
    assert (tables["sales"].comment, tables["sales"].owner) == ("What was sold.", "ann")
    assert [step.label for step in tables["sales"].steps] == ["where(units > 0)"]
    assert tables["sales"].steps[0].place.partition(":")[0].endswith("test_collecting.py")
    assert report.runs == []


def test_a_table_shows_the_last_run_that_it_took_part_in(warehouse: Warehouse) -> None:
    ran(warehouse, 1, refreshed("sales", 0, broken=7), failed("total"))
    ran(warehouse, 2, NothingNew(table="raw"))
    report, tables = reported(warehouse)
    assert [(run.run_id, run.state) for run in report.runs] == [
        ("r2", State.NOTHING_NEW),
        ("r1", State.FAILED),
    ]
    assert {name: table.state for name, table in tables.items()} == {
        "raw": State.NOTHING_NEW,
        "sales": State.DONE,
        "total": State.FAILED,
    }
    assert {name: table.is_of_last_run for name, table in tables.items()} == {
        "raw": True,
        "sales": False,
        "total": False,
    }
    assert tables["total"].failure is not None
    assert tables["total"].failure.root_cause.startswith("the table can't be written: the disk is full.")
    assert report.runs[1].failed_tables == ("total",)


def test_rows_steps_and_rules_are_those_of_the_last_refresh_and_trends_of_all(warehouse: Warehouse) -> None:
    for number, broken in enumerate([3, 0, 8]):
        ran(warehouse, number, refreshed("sales", number, broken=broken, taken_out=number))
    ran(warehouse, 4, NothingNew(table="sales"))
    ran(warehouse, 5, refreshed("sales", 5, broken=2), Skipped(table="total", because="sales"))
    _, tables = reported(warehouse)
    sales = tables["sales"]
    assert sales.rows is not None
    assert (sales.rows.judged, sales.rows.written, sales.rows.quarantined) == (100, 98, 2)
    assert sales.rules[0].broken == (3, 0, 8, 2)
    assert (sales.steps[0].rows_in, sales.steps[0].rows_out) == (104, 100)
    assert (tables["total"].state, tables["total"].because) == (State.SKIPPED, "sales failed")


def test_a_table_says_what_its_log_says(warehouse: Warehouse) -> None:
    rows = pa.table({"units": pa.array([1, 2], pa.int32()), "price": pa.array([5, 6], pa.int32())})
    for _ in range(2):
        with TransactionManager().transaction(warehouse.path_of("silver", "sales")) as transaction:
            transaction.append(rows)
    _, tables = reported(warehouse)
    sales = tables["sales"]
    assert (sales.version, sales.files) == (1, 2)
    assert sales.size_bytes is not None
    assert sales.size_bytes > 0
    assert [(column.name, column.type) for column in sales.columns] == [("units", "int"), ("price", "int")]
    assert tables["raw"].version is None


def test_rows_of_the_quarantine_are_shown_only_on_request(warehouse: Warehouse) -> None:
    rows = pa.table({"price": [-1, -2, -3], "_errors": [["priced"], ["priced"], None]})
    with TransactionManager().transaction(warehouse.path_of("silver", "sales_quarantine")) as transaction:
        transaction.append(rows)
    assert reported(warehouse)[1]["sales"].quarantine is None
    sample = reported(warehouse, samples=2)[1]["sales"].quarantine
    assert sample is not None
    assert (sample.headings, sample.rows) == (("_errors", "price"), (("priced", "-1"), ("priced", "-2")))
    assert reported(warehouse, samples=2)[1]["raw"].quarantine is None


def test_as_many_rows_of_the_quarantine_are_shown_as_are_asked_for(warehouse: Warehouse) -> None:
    rows = pa.table({"price": list(range(150)), "_errors": [["priced"]] * 150})
    with TransactionManager().transaction(warehouse.path_of("silver", "sales_quarantine")) as transaction:
        transaction.append(rows)
    sample = reported(warehouse, samples=140)[1]["sales"].quarantine
    assert sample is not None
    assert len(sample.rows) == 140


def test_a_secret_is_masked_before_a_long_text_is_cut(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(masking, "_hidden", {"s3cr3t-key"})
    rows = pa.table({"text": ["x" * 115 + "s3cr3t-key"]})
    with TransactionManager().transaction(warehouse.path_of("silver", "sales_quarantine")) as transaction:
        transaction.append(rows)
    sample = reported(warehouse, samples=1)[1]["sales"].quarantine
    assert sample is not None
    assert sample.rows == (("x" * 115 + "***",),)


def test_columns_show_where_they_come_from(warehouse: Warehouse) -> None:
    price, units = ColumnName("raw", "price"), ColumnName("raw", "units")
    found = TableLineage(
        table="sales",
        columns={
            "price": (Edge(price, Influence.IDENTITY),),
            "total": (
                Edge(price, Influence.TRANSFORMATION),
                Edge(units, Influence.TRANSFORMATION),
                Edge(units, Influence.CONDITIONAL),
            ),
        },
        rows=(Edge(units, Influence.FILTER),),
        opaque=(OpaqueStep(label="transform(f)", place="a.py:3"),),
        types={"price": "int", "total": "bigint"},
    )
    lineage = PipelineLineage(pipeline="shop", tables={"sales": found})
    report, tables = reported(warehouse, lineage=lineage)
    price_column, total = tables["sales"].columns
    assert report.has_lineage
    assert (price_column.sources, price_column.how) == (("raw.price",), "identity")
    assert (total.type, total.sources, total.how) == ("bigint", ("raw.price", "raw.units"), "transformation")
    assert tables["sales"].rows_depend_on == ("raw.units (filter)",)
    assert tables["sales"].opaque == ("transform(f), a.py:3",)


def test_a_stream_is_one_row_of_the_history_and_hides_no_other_table(warehouse: Warehouse) -> None:
    stream = "b" * 32
    ran(warehouse, 1, NothingNew(table="raw"), failed("total"))
    ran(warehouse, 2, NothingNew(table="raw"))
    ran(warehouse, 3, failed("sales"), stream=stream)
    for number in range(4, 14):
        ran(warehouse, number, refreshed("sales", number, broken=number), stream=stream)
    report, tables = reported(warehouse, last=5)
    shown = [(run.started_at.hour - NOON.hour, run.micro_batches, run.state) for run in report.runs]
    assert shown == [
        (9, (9, 13), State.DONE),
        (2, None, State.NOTHING_NEW),
        (1, None, State.FAILED),
    ]
    assert (report.runs[0].rows_written, report.runs[0].rows_quarantined) == (500 - 55, 55)
    assert report.runs[0].seconds == 25
    assert {name: (table.state, table.is_of_last_run) for name, table in tables.items()} == {
        "raw": (State.NOTHING_NEW, False),
        "sales": (State.DONE, True),
        "total": (State.FAILED, False),
    }
    assert tables["sales"].rules[0].broken == (9, 10, 11, 12, 13)
    _, tables = reported(warehouse, last=1)
    assert tables["total"].state is State.FAILED, "it took part in a run that the page leaves out"
    page = report_page(report)
    assert "a stream's micro-batches 9 to 13: 1 done" in page
    assert "The stream's last micro-batches since" in page


def test_a_report_is_no_larger_after_many_runs(warehouse: Warehouse) -> None:
    for number in range(12):
        ran(warehouse, number, refreshed("sales", number, broken=1))
    report, tables = reported(warehouse, last=5)
    assert len(report.runs) == 5
    assert tables["sales"].rules[0].broken == (1,) * 5
