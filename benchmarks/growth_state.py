"""The claim: what is kept of the past costs little, however much of it there is.

    python benchmarks/growth_state.py [--scale 100] [--only files|names|batches|runs|tables] [--folder FOLDER]

Each figure is the median of three fresh processes, at 1, 10 and 100 times the smallest size, with its ratio to the
smallest. The bounds: 1,000,000 known files, one of a folder's new: decided in 5 s and 300 MB; 10,000 batches, nothing
new: 0.3 s; 10,000 runs: their history in 1 s; 500 tables, nothing new, with the start of the process: 3 s.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from lakehouse.delta_log import TransactionManager
from lakehouse.ingestion import CsvFormat
from lakehouse.pipelines import (
    Batch,
    DeclarativePipelineBuilder,
    EventLog,
    NothingNew,
    PipelineDefinition,
    PipelineFactory,
    RefreshContext,
    RunResult,
    TablePipeline,
    Take,
    Warehouse,
    from_files,
    graph_of,
    last_runs,
    read,
)

Measured = dict[str, float]


# A table that reads files


def bronze(home: Path, *, names_grow: bool = False) -> TablePipeline:
    """Return the pipeline of a table that reads the landing folder."""
    source = from_files(f"{home}/landing/*.csv", columns=("id",), names_grow=names_grow)
    definition = DeclarativePipelineBuilder("growth").bronze("files", source).build()
    return pipelines(definition, home)["files"]


def pipelines(definition: PipelineDefinition, home: Path) -> dict[str, TablePipeline]:
    """Return the pipelines of a definition's tables; nobody may ask for a session."""
    graph = graph_of(definition)
    context = RefreshContext(
        pipeline=definition.name,
        open_session=_no_session,
        warehouse=Warehouse.at(home / "lake"),
        tables=graph.tables,
    )
    factory = PipelineFactory(context)
    return {name: factory.create(graph.tables[name].layer, graph.tables[name]) for name in graph.order}


def _no_session() -> Any:
    raise RuntimeError("no session is needed")


def make_files(home: Path, files: int, per_batch: int, *, names_grow: bool = False) -> None:
    """Fill a landing folder, and let a table have taken all of it in batches of this many files."""
    (home / "landing").mkdir()
    for number in range(files):
        os.close(os.open(home / "landing" / f"sales-{number:09}.csv", os.O_CREAT | os.O_WRONLY))
    table = bronze(home, names_grow=names_grow)
    batches = [range(start, min(start + per_batch, files)) for start in range(0, files, per_batch)]
    for number, some in enumerate(batches):
        inputs: dict[str, Any] = {"files": list(map(_tracked, (_path(home, each) for each in some)))}
        if names_grow:
            through = str(_path(home, some[-1]))
            zone = f"{home}/landing/*.csv"
            inputs["listing"] = {"zone": zone, "complete_seconds": time.time(), "through": through}
        table.batches.decide(
            Batch(
                flow="lakehouse/growth/files",
                number=number,
                planned_at="2026-01-01T00:00:00+00:00",
                starts_over=number == 0,
                follows=number - 1 if number else None,
                fingerprint="f",
                source="FileSource",
                inputs=inputs,
                pinned={},
            )
        )
    commit(table, len(batches) - 1)
    table.taken(len(batches) - 1).condense(table.table.flow.source)


def _path(home: Path, number: int) -> Path:
    return home / "landing" / f"sales-{number:09}.csv"


def _tracked(path: Path) -> dict[str, Any]:
    status = path.stat()
    return {
        "path": str(path),
        "size_bytes": status.st_size,
        "modified_ms": status.st_mtime_ns // 1_000_000,
        "digest": f"{hash(path.name) & (1 << 128) - 1:032x}",
        "declaration": CsvFormat.__name__,
    }


def commit(table: TablePipeline, number: int) -> None:
    """Publish a batch as an engine would: rows and transaction in one commit."""
    with TransactionManager(spark_writers=False).transaction(table.log.path) as transaction:
        transaction.append(pa.table({"id": ["1"]}))
        transaction.set_transaction(f"lakehouse/growth/{table.table.name}", number)


def decide_one_new(home: Path, *, names_grow: bool = False) -> Measured:
    """Decide about one file that is new, and write the batch down."""
    (home / "landing" / "sales-999999999.csv").write_text("id\n1\n")
    table = bronze(home, names_grow=names_grow)
    with _watched() as measured:
        decision = table.decide()
        batch = decision.settle() if isinstance(decision, Take) else None
        assert batch is not None, decision
        assert len(batch.inputs["files"]) == 1
        table.batches.decide(batch)
    return measured


def decide_nothing_new(home: Path) -> Measured:
    """Find that nothing is new."""
    table = bronze(home)
    with _watched() as measured:
        assert not isinstance(table.decide(), Take)
    return measured


# Runs and tables


def make_runs(home: Path, runs: int) -> None:
    """Append the events of so many runs."""
    log = EventLog(Warehouse.at(home / "lake"))
    for number in range(runs):
        log.append(
            RunResult(
                run_id=str(number),
                pipeline="growth",
                started_at=dt.datetime.now(dt.UTC),
                seconds=1.0,
                outcomes={name: NothingNew(table=name) for name in ("raw", "clean", "sums")},
            )
        )


def read_history(home: Path) -> Measured:
    """Read the last five runs."""
    log = EventLog(Warehouse.at(home / "lake"))
    with _watched() as measured:
        assert len(last_runs(log)) == 5
    return measured


def many_tables(home: str, tables: int) -> PipelineDefinition:
    """Return a definition of a Bronze table and, half and half, Silver and Gold tables behind it."""
    builder = DeclarativePipelineBuilder("growth").bronze(
        "raw", from_files(f"{home}/landing/*.csv", columns=("id",))
    )
    for number in range((tables - 1) // 2):
        builder = builder.silver(f"clean{number}", read("raw", incremental=True).append())
        builder = builder.gold(f"sums{number}", read(f"clean{number}").replace())
    return builder.build()


def make_tables(home: Path, tables: int) -> None:
    """Let all tables of a definition have taken a first batch."""
    (home / "landing").mkdir()
    (home / "landing" / "a.csv").write_text("id\n1\n")
    os.utime(home / "landing" / "a.csv", (1e9, 1e9))
    for table in pipelines(many_tables(str(home), tables), home).values():
        decision = table.decide()
        batch = decision.settle() if isinstance(decision, Take) else None
        assert batch is not None, decision
        commit(table, table.batches.decide(batch).number)
    script = f"from growth_state import many_tables\npipeline = many_tables({str(home)!r}, {tables})\n"
    (home / "growth.py").write_text(script)


def run_all_tables(home: Path) -> Measured:
    """Run all tables by the command line, from the start of its process to its end."""
    command = ["-c", "import sys; from lakehouse.cli import main; sys.exit(main())", "run", "growth"]
    where = ["--definition", str(home / "growth.py"), "--warehouse", str(home / "lake"), "--json"]
    paths = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *command, *where],
        env=os.environ | {"PYTHONPATH": paths, "JAVA_HOME": "/nowhere"},  # a session could not even start
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    assert '"nothing new"' in done.stdout, done.stdout[-500:]
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {"seconds": time.perf_counter() - started, "of CPU": used.ru_utime + used.ru_stime}


# Each figure in a process of its own

CURVES: dict[str, tuple[str, int, Callable[[Path, int], None], Callable[[Path], Measured], str]] = {
    "files": (
        "known files, one new",
        1_000_000,
        lambda home, size: make_files(home, size, per_batch=1_000),
        decide_one_new,
        "5 s, 300 MB",
    ),
    "names": (
        "the same where names grow",
        1_000_000,
        lambda home, size: make_files(home, size, per_batch=1_000, names_grow=True),
        lambda home: decide_one_new(home, names_grow=True),
        "",
    ),
    "batches": (
        "batches, nothing new",
        10_000,
        lambda home, size: make_files(home, size, per_batch=1),
        decide_nothing_new,
        "0.3 s",
    ),
    "runs": ("runs, their history", 10_000, make_runs, read_history, "1 s"),
    "tables": ("tables, nothing new, the whole process", 500, make_tables, run_all_tables, "3 s"),
}


class _watched:  # noqa: N801 - reads as a word of the language
    """Measures seconds and, as far as the system tells, by how much memory grew at its highest."""

    def __enter__(self) -> Measured:
        self._measured: Measured = {}
        self._before = _memory_mb("VmRSS")
        self._started, self._cpu = time.perf_counter(), time.process_time()
        return self._measured

    def __exit__(self, *_: object) -> None:
        self._measured["seconds"] = time.perf_counter() - self._started
        self._measured["of CPU"] = time.process_time() - self._cpu
        if self._before is not None and (highest := _memory_mb("VmHWM")) is not None:
            self._measured["grew by MB"] = highest - self._before


def _memory_mb(field: str) -> float | None:
    status = Path("/proc/self/status")
    if not status.exists():
        return None
    (line,) = (line for line in status.read_text().splitlines() if line.startswith(f"{field}:"))
    return int(line.split()[1]) / 1024


def in_a_new_process(curve: str, home: Path) -> Measured:
    """Return what a fresh process measures."""
    done = subprocess.run(
        [sys.executable, __file__, "--measure", curve, "--folder", str(home)],
        stdout=subprocess.PIPE,
        check=True,
    )
    measured: Measured = json.loads(done.stdout)
    return measured


def lines_of(curve: str, parent: Path, scale: int) -> Iterator[str]:
    """Yield a line of the table for each size."""
    title, most, make, _, bound = CURVES[curve]
    smallest: float | None = None
    for share in (100, 10, 1):
        if 100 // share > scale:
            continue
        home = Path(tempfile.mkdtemp(prefix="growth-", dir=parent))
        try:
            make(home, most // share)
            found = [in_a_new_process(curve, _copy_of_state(home)) for _ in range(3)]
        finally:
            shutil.rmtree(home)
        median = {name: statistics.median(each[name] for each in found) for name in found[0]}
        smallest = smallest or median["of CPU"]
        cells = (
            f"{most // share:,} {title}",
            f"{median['seconds']:.3f}",
            f"{median['of CPU']:.3f}",
            f"{median['of CPU'] / smallest:.1f}",
            f"{median['grew by MB']:.0f}" if "grew by MB" in median else "",
            bound if share == 1 else "",
        )
        yield f"| {' | '.join(cells)} |"


def _copy_of_state(home: Path) -> Path:
    """Take back what an earlier measurement wrote: the batch that it decided."""
    (home / "landing" / "sales-999999999.csv").unlink(missing_ok=True)
    batches = home / "lake" / "system" / "batches" / "bronze" / "files"
    taken = len(list(batches.glob("*.json"))) if batches.exists() else 0
    mark = home / "batches"
    if not mark.exists():
        mark.write_text(str(taken))
    for number in range(int(mark.read_text()), taken):
        (batches / f"{number:020}.json").unlink()
    return home


def print_table(curves: Iterable[str], parent: Path, scale: int) -> None:
    """Print all curves, each line as soon as it is known."""
    headings = ("state", "seconds", "of CPU", "CPU to the smallest", "memory grew by MB", "asked")
    print(f"| {' | '.join(headings)} |\n{'|---' * len(headings)}|")
    for curve in curves:
        for line in lines_of(curve, parent, scale):
            print(line, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--scale", type=int, default=100, choices=(1, 10, 100), help="how far the curves go")
    parser.add_argument("--only", choices=CURVES, help="draw one curve: all take minutes")
    parser.add_argument(
        "--folder", type=Path, help="where to put a million files; by default a temporary one"
    )
    parser.add_argument("--measure", choices=CURVES, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(CURVES[arguments.measure][3](arguments.folder)))
    else:
        print_table([arguments.only] if arguments.only else CURVES, arguments.folder, arguments.scale)


if __name__ == "__main__":
    main()
