"""The claim: to tell other systems of a run costs it at most a hundredth of its time.

    python benchmarks/open_events.py [--runs 10]

Runs of 100,000 rows through four tables, of which every kind of listener hears, beside a server that answers at once
and one that never does. What is measured is how long a run is inside the listeners: two runs with and without them
differ by more than that from one to the next.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from unittest import mock

from figures import show
from pyspark.sql import SparkSession

from lakehouse.pipelines import (
    DeclarativePipelineBuilder,
    PipelineDefinition,
    RunListener,
    from_range,
    keep_lineage,
    lineage_of,
    read,
    resolve,
    run_pipeline,
)
from lakehouse.pipelines.open_events import Listeners
from lakehouse.pipelines.warehouse import Warehouse
from lakehouse.spark_session import SparkSessionFactory

ROWS = 100_000


def shop() -> PipelineDefinition:
    """Return a pipeline of four tables that are written whole in each run."""
    rules = read("numbers").select("id", "id % 7 AS g", "id * 2 AS twice")
    return (
        DeclarativePipelineBuilder("shop")
        .variable("rows", default=ROWS)
        .bronze("numbers", from_range(ROWS).replace())
        .silver("clean", rules.expect_or_quarantine("small", "id < 99000").replace())
        .gold("groups", read("clean").aggregate(by="g", n="count(1)", sum="sum(twice)").replace())
        .gold("all", read("clean").aggregate(by="1 AS one", n="count(1)").replace())
        .build()
    )


class Watched:
    """Adds up the time that runs are inside the listeners beside the caller's own."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._lock = threading.Lock()

    def __enter__(self) -> Watched:
        tell_others = Listeners._tell

        def told(listeners: Listeners, tell: Callable[[RunListener], None]) -> None:
            began = time.perf_counter()
            tell_others(listeners, tell)
            with self._lock:
                self.seconds += time.perf_counter() - began

        self._patch = mock.patch.object(Listeners, "_tell", told)
        self._patch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._patch.stop()


@contextmanager
def server(*, answers: bool) -> Iterator[str]:
    """Give the address of a server that takes documents; one that does not answer holds whoever asks."""
    released = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            if not answers:
                released.wait(60)
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        released.set()
        server.shutdown()


def runs_of(spark: SparkSession, home: Path, runs: int) -> list[tuple[float, float]]:
    """Return for each run its seconds, and those that it was inside the listeners."""
    definition, warehouse = shop(), Warehouse.at(home)
    resolution = resolve(definition.with_variables({}), spark)
    keep_lineage(warehouse, resolution.definition, lineage_of(resolution, spark))
    took = []
    for _ in range(runs):
        began = time.perf_counter()
        with Watched() as watched:
            result = run_pipeline(
                definition, spark=spark, warehouse=warehouse, listener=RunListener(), full_refresh=["*"]
            )
        assert result.status == "ok", result
        took.append((time.perf_counter() - began, watched.seconds))
    return took


def lines(spark: SparkSession, parent: Path, runs: int) -> Iterator[Sequence[str]]:
    yield "all four listeners, and a server that", "a run", "inside them", "share (asked: 1 %)", "most"
    for answers, what in ((True, "answers"), (False, "never answers")):
        with server(answers=answers) as url, variables(url, parent):
            took = runs_of(spark, parent / what, runs + 1)[1:]
        run = statistics.median(seconds for seconds, _ in took)
        inside = statistics.median(told for _, told in took)
        most = max(told for _, told in took)
        yield what, f"{run:.2f} s", f"{inside * 1e3:.1f} ms", f"{inside / run:.2%}", f"{most * 1e3:.1f} ms"


@contextmanager
def variables(url: str, parent: Path) -> Iterator[None]:
    """Turn every listener on."""
    environment = {
        "LAKEHOUSE_PROMETHEUS_FILE": str(parent / "shop.prom"),
        "LAKEHOUSE_NOTIFY_URL": f"{url}/hook",
        "LAKEHOUSE_NOTIFY_STALE": "26 hours",
        "OPENLINEAGE_URL": url,
        "OTEL_EXPORTER_OTLP_ENDPOINT": url,
    }
    os.environ.update(environment)
    yield
    for name in environment:
        del os.environ[name]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--runs", type=int, default=10)
    arguments = parser.parse_args()
    spark = SparkSessionFactory.local().create("open events")
    with tempfile.TemporaryDirectory() as home:
        show("what it costs to tell others", lines(spark, Path(home), arguments.runs + 1))


if __name__ == "__main__":
    main()
