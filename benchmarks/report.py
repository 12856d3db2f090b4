"""The claim: a report is small, is made as fast after many runs as after few, and answers at once.

    python benchmarks/report.py [--runs 2000] [--only curve|pages|graph]

The curve has a report of 20 tables after 1, 10 and 100 times as many runs, and then after as many micro-batches of a
stream, each in a warm process, by the processor's time. Then pages of 100 and 500 tables, a click in Chromium among
500, and ``lakehouse graph --json`` as a process of its own. The bounds: 300 KB for 100 tables, 100 ms a click at 500,
size and time independent of the history, 1 s for the graph.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from figures import seconds_of, show

from lakehouse.pipelines import (
    Batch,
    DeclarativePipelineBuilder,
    EventLog,
    PipelineDefinition,
    Refresh,
    Refreshed,
    RunResult,
    Warehouse,
    from_files,
    last_runs,
    read,
    report_of,
    report_page,
    runs_before,
)
from lakehouse.pipelines.check.lineage import ColumnName, Edge, Influence, PipelineLineage, TableLineage
from lakehouse.pipelines.record.outcomes import MicroBatch
from lakehouse.quality import Tally

COLUMNS = 10
ROUNDS = 5
CLICKS = """async () => {
    const painted = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    const nodes = document.querySelectorAll("#graph a"), times = [];
    for (let at = 3; at < nodes.length; at += 37) {
        await painted();
        const began = performance.now();
        nodes[at].dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }));
        await painted();
        times.push(performance.now() - began);
    }
    return times;
}"""


JOB = """
from lakehouse.pipelines import DeclarativePipelineBuilder, from_files, read

builder = DeclarativePipelineBuilder("shop").bronze("raw", from_files("in/*.csv", columns=("id", "units")))
for number in range({behind}):
    clean = read("raw", incremental=True).where("units > 0").expect_or_quarantine("known", "id > 0")
    builder = builder.silver(f"clean_{{number}}", clean.append())
    builder = builder.gold(f"sums_{{number}}", read(f"clean_{{number}}").replace())
pipeline = builder.build()
"""


def shop(tables: int) -> PipelineDefinition:
    """Return a Bronze table, and Silver and Gold tables half and half behind it, each with a step and a rule."""
    columns = {f"column_{at}": "int" for at in range(COLUMNS)}
    builder = DeclarativePipelineBuilder("shop").bronze("raw", from_files("in/*.csv", columns=columns))
    for number in range((tables - 1) // 2):
        clean = read("raw", incremental=True).where("column_1 > 0")
        builder = builder.silver(
            f"clean_{number:03}", clean.expect_or_quarantine("priced", "column_2 > 0").append()
        )
        summed = read(f"clean_{number:03}").where("column_3 > 0").expect("known", "column_4 > 0")
        builder = builder.gold(f"sums_{number:03}", summed.replace())
    return builder.build()


def lineage(definition: PipelineDefinition) -> PipelineLineage:
    """Return that each column is handed on."""
    tables = {}
    for table in definition.tables:
        source = table.flow.source.label if table.name != "raw" else ""
        columns = {
            name: (Edge(ColumnName(source, name), Influence.IDENTITY),) if source else ()
            for name in (f"column_{at}" for at in range(COLUMNS))
        }
        tables[table.name] = TableLineage(
            table=table.name, columns=columns, types=dict.fromkeys(columns, "int")
        )
    return PipelineLineage(pipeline=definition.name, tables=tables)


def add_runs(log: EventLog, definition: PipelineDefinition, numbers: range, *, stream: str = "") -> None:
    """Append the events of runs, each of which refreshed all tables; of a stream, each the first three alone."""
    names = [table.name for table in definition.tables]
    for number in numbers:
        outcomes = {name: refreshed(name, number) for name in (names[:3] if stream else names)}
        place = MicroBatch(stream=stream, mode="continuous", number=number) if stream else None
        log.append(
            RunResult(
                run_id=f"{stream}-{number}" if stream else f"run {number}",
                pipeline=definition.name,
                started_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + dt.timedelta(minutes=number),
                seconds=2.0,
                outcomes=outcomes,
                micro_batch=place,
            )
        )


def refreshed(table: str, number: int) -> Refreshed:
    batch = Batch(
        flow="f", number=number, planned_at="", starts_over=False, fingerprint="", inputs={}, pinned={}
    )
    tally = Tally(rows_in=100, written=90, dropped=0, quarantined=10, failed=0, broken={"priced": number % 9})
    done = Refresh(layer="silver", batch=batch, version=number, tally=tally, steps=(), seconds=1.0)
    return Refreshed(table=table, refreshes=(done,))


def page_of(definition: PipelineDefinition, warehouse: Warehouse) -> str:
    """Return what ``lakehouse report`` writes."""
    log = EventLog(warehouse)
    runs = last_runs(log, pipeline=definition.name, limit=30)
    names = [table.name for table in definition.tables]
    earlier = runs_before(log, runs, pipeline=definition.name, tables=names)
    found = report_of(
        definition, warehouse=warehouse, runs=runs, earlier=earlier, lineage=lineage(definition)
    )
    return report_page(found)


def seconds_to_make(definition: PipelineDefinition, warehouse: Warehouse) -> float:
    """Return the processor's time for a page, in a process that made one before."""
    took = []
    for _ in range(ROUNDS):
        began = time.process_time()
        page_of(definition, warehouse)
        took.append(time.process_time() - began)
    return statistics.median(took)


def curve(home: Path, most: int) -> Iterator[Sequence[str]]:
    yield "history", "page", "CPU", "to the smallest (asked: 1)"
    definition, warehouse = shop(21).with_variables({}), Warehouse.at(home)
    log, known = EventLog(warehouse), 0
    smallest: float | None = None
    for what, runs, stream in (
        ("runs", most // 100, ""),
        ("runs", most // 10, ""),
        ("runs", most, ""),
        ("runs, and as many micro-batches behind them", 2 * most, "a" * 32),
    ):
        add_runs(log, definition, range(known, runs), stream=stream)
        known = runs
        page = page_of(definition, warehouse)
        took = seconds_to_make(definition, warehouse)
        smallest = smallest or took
        shown = most if stream else runs
        yield f"{shown:,} {what}", f"{len(page.encode()):,} bytes", f"{took:.2f} s", f"{took / smallest:.2f}"


def pages(home: Path) -> Iterator[Sequence[str]]:
    yield "tables", "page (asked: 300,000 bytes for 100)", "CPU", "a click (asked: 100 ms at 500)"
    for tables in (101, 501):
        definition, warehouse = shop(tables).with_variables({}), Warehouse.at(home / str(tables))
        add_runs(EventLog(warehouse), definition, range(30))
        page = page_of(definition, warehouse)
        took = seconds_to_make(definition, warehouse)
        file = home / f"{tables}.html"
        file.write_text(page, encoding="utf-8")
        yield f"{tables}", f"{len(page.encode()):,} bytes", f"{took:.2f} s", clicks(file)


def clicks(file: Path) -> str:
    """Return how long a click takes until the page shows what it opens."""
    program = shutil.which("chromium")
    if program is None:
        return "no Chromium here"
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(file.as_uri())
        times = page.evaluate(CLICKS)
        browser.close()
    return f"{statistics.median(times):.0f} ms, at most {max(times):.0f}"


def graphs(home: Path) -> Iterator[Sequence[str]]:
    yield "lakehouse graph --json", "the whole process (asked: 1 s)", "of CPU"
    for tables in (21, 501):
        file = home / f"tables_{tables}.py"
        file.write_text(JOB.format(behind=(tables - 1) // 2))
        tell_graph(file, home)  # from here on its modules are compiled, as those of an installed package are
        used = cpu_of_children()
        took = statistics.median(seconds_of(partial(tell_graph, file, home)) for _ in range(ROUNDS))
        yield f"{tables} tables", f"{took:.2f} s", f"{(cpu_of_children() - used) / ROUNDS:.2f} s"


def cpu_of_children() -> float:
    """Return the processor's time of all processes that were started here and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def tell_graph(file: Path, home: Path) -> None:
    """Run ``lakehouse graph`` as a process of its own, which could not even start a session."""
    command = [sys.executable, "-c", "import sys; from lakehouse.cli import main; sys.exit(main())"]
    environment = {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPATH"] = os.pathsep.join(sys.path)
    environment["PYTHONPYCACHEPREFIX"] = str(home / "compiled")
    subprocess.run(
        [*command, "graph", "shop", "--definition", str(file), "--json"],
        env=environment | {"JAVA_HOME": "/nowhere"},
        stdout=subprocess.DEVNULL,
        check=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--runs", type=int, default=2_000, help="the longest history")
    parser.add_argument("--only", choices=("curve", "pages", "graph"))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        parts = {
            "curve": lambda: curve(home, arguments.runs),
            "pages": lambda: pages(home),
            "graph": lambda: graphs(home),
        }
        for name, part in parts.items():
            if arguments.only in (None, name):
                show(name, part())


if __name__ == "__main__":
    main()
