"""Reports made by hand, of any size, for the tests of the page."""

from __future__ import annotations

import dataclasses
import datetime as dt

from lakehouse.pipelines.report.model import (
    Failure,
    Report,
    ReportColumn,
    ReportRule,
    ReportRun,
    ReportStep,
    ReportTable,
    RowFlow,
    State,
)

NOON = dt.datetime(2026, 1, 2, 12, tzinfo=dt.UTC)
HOSTILE = "</script><img src=x onerror=document.title='owned'>\"' & é"
"""A name that would become code where text is taken for markup."""


def table(name: str = "sales", state: State = State.DONE, **more: object) -> ReportTable:
    """Return a table that is as it should be, but for what is given."""
    plain = ReportTable(
        name=name, layer="silver", place="jobs/shop.py:12", written_by="append", state=state, tags={}
    )
    return dataclasses.replace(plain, **more)  # type: ignore[arg-type]


def report(*tables: ReportTable, **more: object) -> Report:
    """Return a report of tables after one run."""
    failed = [each for each in tables if each.state is State.FAILED]
    run = ReportRun(
        run_id="r1",
        started_at=NOON,
        seconds=24.3,
        state=State.FAILED if failed else State.DONE,
        by_state={state: 1 for state in State if any(each.state is state for each in tables)},
        rows_written=33_001,
        rows_quarantined=192,
        failed_tables=tuple(each.name for each in failed),
    )
    plain = Report(pipeline="shop", made_at=NOON, warehouse="/lake", tables=tables, runs=(run,))
    return dataclasses.replace(plain, **more)  # type: ignore[arg-type]


def large_report(tables: int, *, columns: int = 10) -> Report:
    """Return a report of many tables, each with columns, steps and rules, after thirty runs."""
    names = [f"table_{number:03}" for number in range(tables)]
    runs = tuple(
        ReportRun(
            run_id=str(number),
            started_at=NOON - dt.timedelta(hours=number),
            seconds=20.0 + number % 7,
            state=State.DONE,
            by_state={State.DONE: tables},
            rows_written=100_000,
            rows_quarantined=192,
        )
        for number in range(30)
    )
    return report(
        *(_large_table(names, number, columns) for number in range(tables)), runs=runs, has_lineage=True
    )


_STATES = (State.DONE, State.DONE, State.NOTHING_NEW, State.DONE, State.FAILED, State.SKIPPED)


def _large_table(names: list[str], number: int, columns: int) -> ReportTable:
    before = {names[number // 2]} if number > 3 else set()
    before |= {names[number - 1 - number * 7 % 5]} if number > number * 7 % 5 else set()
    reads, state = tuple(sorted(before)), _STATES[number % len(_STATES)]
    return table(
        names[number],
        state,
        layer=("bronze", "silver", "gold")[number * 3 // len(names)],
        place=f"jobs/shop.py:{number + 10}",
        reads=reads,
        source="'data/*.csv'",
        comment="Sales of the shop, one line an item." if number % 2 else "",
        owner="sales@example.org",
        because="table_004 failed" if state is State.SKIPPED else "",
        ran_at=NOON,
        is_of_last_run=True,
        failure=Failure(error_class="TableWriteError", message="it failed", root_cause="no space left")
        if state is State.FAILED
        else None,
        rows=RowFlow(judged=34_241, written=33_001, dropped=69, quarantined=1_171)
        if state is State.DONE
        else None,
        seconds=3.5 + number % 40,
        version=14 + number,
        committed_at=NOON,
        size_bytes=1_234_567 * number,
        files=12,
        steps=tuple(
            ReportStep(label=label, place=f"jobs/shop.py:{number + 11}", rows_in=34_241, rows_out=33_001)
            for label in ("where(InvoiceNo NOT LIKE 'C%')", "deduplicate()", "transform(add_revenue)")
        ),
        rules=(
            ReportRule(
                name="priced",
                action="quarantine",
                place="jobs/shop.py:13",
                broken=tuple(each * 37 % 200 for each in range(16)),
            ),
            ReportRule(name="known", action="warn", place="jobs/shop.py:14", broken=(0,) * 16),
        ),
        columns=tuple(
            ReportColumn(
                name=f"column_{at}",
                type="decimal(18,3)",
                comment="what it is" if at == 2 else "",
                sources=tuple(f"{each}.column_{at}" for each in reads[: 1 + (at % 4 == 0)]),
                how="identity" if at % 4 else "transformation",
            )
            for at in range(columns)
        ),
    )
