"""Files that come one by one, at any time, into a stream and into code by hand: when are their rows visible?"""

from __future__ import annotations

import random
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from lakehouse.pipelines import StreamStop, stream_pipeline
from stream import by_hand_files
from stream.watching import Watch, added_files, commits_of, p50, p99

__all__ = ["TRIGGER_SECONDS", "drop", "files_one_by_one", "landing_with", "lasting"]

TRIGGER_SECONDS = 1.0
MEAN_PAUSE_SECONDS = 0.6
WARM_UP = 3
TABLES = ("bronze/sales_raw", "silver/sales", "silver/cancellations", "gold/daily_revenue", "system/events")


def files_one_by_one(
    spark: SparkSession, pipeline: Any, folder: Path, files: Sequence[Path], count: int
) -> None:
    """Print how long a row of a new file takes to Silver, and what commits and files that makes."""

    @contextmanager
    def by_hand(landing: Path, lake: Path) -> Iterator[None]:
        query = by_hand_files.start(spark, str(landing), str(lake), trigger_seconds=TRIGGER_SECONDS)
        yield
        query.processAllAvailable()
        query.stop()

    @contextmanager
    def ours(landing: Path, lake: Path) -> Iterator[None]:
        with lasting(pipeline, spark=spark, warehouse=lake, variables={"landing": str(landing)}):
            yield

    medians = {}
    for name, side in (("continuous", ours), ("foreachBatch by hand", by_hand)):
        medians[name] = _one_side(name, side, folder / f"files {name}", files[: count + WARM_UP + 1])
    print(f"files: p50 {medians['continuous'] / medians['foreachBatch by hand']:.2f} of foreachBatch by hand")


@contextmanager
def lasting(pipeline: Any, **given: Any) -> Iterator[None]:
    """Stream while the block goes."""
    stop = StreamStop()
    trigger = f"{TRIGGER_SECONDS:.0f} second"
    thread = threading.Thread(target=lambda: stream_pipeline(pipeline, trigger=trigger, stop=stop, **given))
    thread.start()
    try:
        yield
    finally:
        stop.ask("the benchmark")
        thread.join()


def landing_with(folder: Path, files: Sequence[Path]) -> Path:
    """Return a new folder with these files."""
    folder.mkdir(parents=True)
    for file in files:
        shutil.copy(file, folder)
    return folder


def drop(file: Path, landing: Path) -> float:
    """Let a file appear, whole, and return when it was there."""
    part = landing / f".{file.name}"
    shutil.copyfile(file, part)
    part.rename(landing / file.name)
    return time.time()


def _one_side(name: str, side: Callable[[Path, Path], Any], home: Path, files: Sequence[Path]) -> float:
    landing, lake, chance = landing_with(home / "landing", files[:1]), home / "lake", random.Random(1)
    with Watch(lake / "silver/sales").running() as watch:
        with side(landing, lake):
            for number, file in enumerate(files[1 : WARM_UP + 1], start=1):
                watch.wait_for(number)
                drop(file, landing)
            watch.wait_for(WARM_UP + 1)
            before = {table: commits_of(lake / table) for table in TABLES}
            came, began = {}, time.time()
            for file in files[WARM_UP + 1 :]:
                time.sleep(chance.uniform(0.2, 2 * MEAN_PAUSE_SECONDS - 0.2))
                came[file.name] = drop(file, landing)
            seconds = time.time() - began
            while came.keys() - _seen(watch).keys():
                time.sleep(0.5)
        hour = 3600 / (time.time() - began)
        seen = _seen(watch)
    waits = [seen[file] - at for file, at in came.items()]
    print(
        f"{name}: {len(waits)} files in {seconds:.0f} s, visible in Silver after {p50(waits):.2f} s (p50), "
        f"{p99(waits):.2f} s (p99), {max(waits):.2f} s (slowest)"
    )
    for table in TABLES:
        versions = range(before[table], commits_of(lake / table))
        if not versions:
            continue
        files_made = sum(len(added_files(lake / table, version)) for version in versions)
        print(f"  {table}: {len(versions) * hour:,.0f} commits and {files_made * hour:,.0f} files an hour")
    return p50(waits)


def _seen(watch: Watch) -> Mapping[str, float]:
    return {str(path).rpartition("/")[2]: at for (path,), at in watch.first_seen(["_source_file"]).items()}
