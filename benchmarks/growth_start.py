"""The claim: a run in a new process, one new day through all six tables, takes at most 0.6 of the time of a bare
PySpark script that starts a Delta session, reads that day's file and appends it to one table; over a session that
goes on (``lakehouse session start``) it takes at most 4 s.

    python benchmarks/growth_start.py [--data FOLDER] [--rounds 5]

Whole processes, from start to exit, in turn; each round has a day of its own, and the archive of class data is built
before. Medians are printed, and the ratio of each round's pair.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from lakehouse.spark_session import SparkSessionFactory, find_java
from lakehouse.spark_session.class_data_build import build
from lakehouse.spark_session.delta_jars import default_jars_folder

ROOT = Path(__file__).parents[1]
BARE = "bare PySpark: session, read, one append"
OURS = "lakehouse run: six tables"
PLAIN = "the same, no class data, full compiler"
GOES_ON = "the same, over a session that goes on"
LOOP = "the same, after all of these over it"

SCRIPT = """
import sys
from delta import configure_spark_with_delta_pip
from pyspark.sql import SparkSession
builder = (
    SparkSession.builder.master("local[*]")
    .config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension")
    .config("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog")
)
spark = configure_spark_with_delta_pip(builder).getOrCreate()
day = spark.read.option("header", True).csv(sys.argv[1])
day.write.format("delta").mode("append").save(sys.argv[2])
"""
COMMAND = "import sys; from lakehouse.cli import main; sys.exit(main(sys.argv[1:]))"
WITHOUT = "spark: {master: 'local[*]', class_data: false, compiler: full}\n"


def main() -> None:
    arguments = _arguments()
    days = sorted(arguments.data.glob("*.csv*"))
    first, later = days[: -2 * arguments.rounds - 1], days[-2 * arguments.rounds - 1 :]
    build(jars_folder=default_jars_folder())
    assert SparkSessionFactory().launch().class_data.state().java_options, (
        "there is no archive: see lakehouse doctor"
    )
    with tempfile.TemporaryDirectory(prefix="growth-start-") as folder:
        project = Project(Path(folder), first)
        seconds: dict[str, list[float]] = {}
        for day in later[: arguments.rounds + 1]:
            for name, seconds_taken in project.round(day).items():
                seconds.setdefault(name, []).append(seconds_taken)
        in_the_loop = [project.over_the_session(day) for day in later[arguments.rounds + 1 :]]
        project.close()
    # The first round fills the page cache, and the session's JVM is cold.
    Console(width=100).print(_as_table({name: values[1:] for name, values in seconds.items()}, in_the_loop))


class Project:
    """A folder with the first days in its tables, of which each contender has its own."""

    def __init__(self, folder: Path, first: list[Path]) -> None:
        self._folder = folder
        self._rounds = 0
        (folder / "conf" / "environments").mkdir(parents=True)
        (folder / "conf" / "environments" / "plain.yaml").write_text(WITHOUT)
        for name in ("ours", "plain", "session"):
            landing = folder / name / "landing"
            landing.mkdir(parents=True)
            for day in first:
                shutil.copy(day, landing)
        self._lakehouse("session", "start")
        for name in ("ours", "plain", "session"):
            self._run(name)  # in the session: it warms up

    def round(self, day: Path) -> dict[str, float]:
        """Take one more day with each contender, in another order each time; return the seconds."""
        contenders: dict[str, Callable[[], None]] = {
            BARE: lambda: self._process("-c", SCRIPT, str(day), str(self._folder / "bare")),
            OURS: lambda: self._own("ours", day),
            PLAIN: lambda: self._own("plain", day, "--env", "plain"),
            GOES_ON: lambda: self._new_day("session", day),
        }
        self._rounds += 1
        names = sorted(contenders, reverse=self._rounds % 2 == 1)
        return {name: _timed(contenders[name]) for name in names}

    def over_the_session(self, day: Path) -> float:
        """Take one more day with the session alone; return the seconds."""
        return _timed(lambda: self._new_day("session", day))

    def close(self) -> None:
        """End the session."""
        self._lakehouse("session", "stop")

    def _own(self, name: str, day: Path, *options: str) -> None:
        # In a folder of its own, no session runs.
        self._new_day(name, day, *options, folder=self._folder / name)

    def _new_day(self, name: str, day: Path, *options: str, folder: Path | None = None) -> None:
        shutil.copy(day, self._folder / name / "landing")
        self._run(name, *options, folder=folder)

    def _run(self, name: str, *options: str, folder: Path | None = None) -> None:
        place = self._folder / name
        if folder is not None and not (folder / "conf").exists():
            shutil.copytree(self._folder / "conf", folder / "conf")
        self._lakehouse(
            *("run", "retail", "--definition", str(ROOT / "jobs" / "retail.py"), *options),
            *("--warehouse", str(place / "warehouse"), "--set", f"landing={place / 'landing'}"),
            folder=folder,
        )

    def _lakehouse(self, *arguments: str, folder: Path | None = None) -> None:
        self._process("-c", COMMAND, *arguments, folder=folder)

    def _process(self, *arguments: str, folder: Path | None = None) -> None:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "JAVA_HOME": str(find_java().home)}
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=folder or self._folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def _timed(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _as_table(seconds: dict[str, list[float]], in_the_loop: list[float]) -> Table:
    table = Table("one new day, the whole process", "seconds, median", "to bare PySpark", title="starts")
    for name in (BARE, PLAIN, OURS, GOES_ON):
        ratios = [mine / bare for mine, bare in zip(seconds[name], seconds[BARE], strict=True)]
        table.add_row(name, f"{statistics.median(seconds[name]):.1f}", f"{statistics.median(ratios):.2f}")
    table.add_row(LOOP, f"{statistics.median(in_the_loop):.1f}", "")
    return table


def _arguments() -> argparse.Namespace:
    days = os.environ.get("LAKEHOUSE_RETAIL_DAYS") or ROOT / "data" / "retail"
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(days), help="a folder with one CSV file a day")
    parser.add_argument("--rounds", type=int, default=5, help="then as many days over the session alone")
    return parser.parse_args()


if __name__ == "__main__":
    main()
