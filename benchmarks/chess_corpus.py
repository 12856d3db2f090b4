"""A large corpus from Bronze to Gold in bounded memory: peak of the Python workers while the job runs.

The corpus is made by repeating games, in several files. Run:
``python benchmarks/chess_corpus.py --games 400000 [--corpus FOLDER_OF_PGN]`` (Linux: it reads /proc).
"""

from __future__ import annotations

import argparse
import runpy
import tempfile
import threading
import time
from pathlib import Path

from lakehouse.chess.replay_arrow import split_arrow
from lakehouse.pipelines import run_pipeline
from lakehouse.spark_session import SparkSessionFactory

ROOT = Path(__file__).parents[1]
SAMPLES = ROOT / "data" / "chess" / "samples.pgn"


def write_corpus(folder: Path, games: list[bytes], *, count: int, files: int) -> int:
    """Write ``count`` games into ``files`` files by repeating, and return their bytes."""
    size = 0
    for number in range(files):
        with (folder / f"part{number:02}.pgn").open("wb") as file:
            for at in range(number, count, files):
                size += file.write(games[at % len(games)])
    return size


def worker_bytes() -> int:
    """Return the memory that Spark's Python workers hold now: pages of their own, shared ones not counted twice."""
    total = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if b"pyspark" not in (process / "cmdline").read_bytes():
                continue
            if b"daemon" not in (process / "cmdline").read_bytes():
                continue
            rollup = (process / "smaps_rollup").read_text(encoding="ascii")
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    return total * 1024


class Watch(threading.Thread):
    """Looks every half second, and keeps the peak."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak_bytes = 0

    def run(self) -> None:
        while True:
            self.peak_bytes = max(self.peak_bytes, worker_bytes())
            time.sleep(0.5)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--corpus", type=Path, default=None)
    arguments.add_argument("--games", type=int, default=400_000)
    arguments.add_argument("--files", type=int, default=8)
    arguments.add_argument("--cores", type=int, default=2)
    options = arguments.parse_args()
    paths = [SAMPLES] if options.corpus is None else sorted(options.corpus.glob("*.pgn"))
    games = [game for path in paths for game in split_arrow(path.read_bytes())[0].to_pylist()]
    pipeline = runpy.run_path(str(ROOT / "jobs" / "chess_games.py"))["pipeline"]
    spark = SparkSessionFactory.local(cores=options.cores).create("chess corpus")
    with tempfile.TemporaryDirectory() as folder:
        landing = Path(folder, "landing")
        landing.mkdir()
        size = write_corpus(landing, games, count=options.games, files=options.files)
        watch, started = Watch(), time.perf_counter()
        watch.start()
        result = run_pipeline(
            pipeline, spark=spark, warehouse=f"{folder}/lake", variables={"landing": str(landing)}
        )
        seconds = time.perf_counter() - started
        if result.failures:
            raise SystemExit(str(result.failures))
    spark.stop()
    print(f"{options.games} games, {size / 2**20:.0f} MiB, in {seconds:.0f} s on {options.cores} cores")
    print(f"peak memory of all Python workers together: {watch.peak_bytes / 2**20:.0f} MiB")


if __name__ == "__main__":
    main()
