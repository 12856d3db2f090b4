"""The claim: what lands is read by Spark's tasks. The driver's memory, and the bytes that it reads, stay within a
bound while the landing zone grows; small files cost their rows, not their number.

    python benchmarks/growth_files.py [--master MASTER] [--files 30] [--megabytes 20] [--runs 3] [--only small]

A Bronze table takes 1 ×, 10 × and 100 × as many small files, then one file of 1 ×, 10 × and 100 × the size, then one
with a line break within quotes in each row, and one that gzip made, whole or in members; each run fills an empty
warehouse in a warm session, and medians are printed. Beside the small files, Spark's own reader takes the same folder
by hand. ``--master local-cluster[2,1,1024]`` has two workers of their own.
"""

from __future__ import annotations

import argparse
import gzip
import json
import resource
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from pyspark.sql import SparkSession
from rich.console import Console
from rich.table import Table

from lakehouse.delta_log import Snapshot
from lakehouse.ingestion import LandedFile, LocalLandingZone
from lakehouse.pipelines import DeclarativePipelineBuilder, PipelineDefinition, from_files, run_pipeline
from lakehouse.settings import Settings, SparkSettings
from lakehouse.spark_session import SparkSessionFactory

GROWTH = (1, 10, 100)
COLUMNS = ("id", "units", "note")
PLAIN_ROW = "{0},{1},some words of a note on row {0}\n"
QUOTED_ROW = '{0},{1},"some words\nof a note on row {0}"\n'
ROWS_AT_ONCE = 10_000

Packed = Literal["whole", "members"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What one large file is like."""

    name: str
    row: str
    growths: Sequence[int]
    suffix: str = ""
    packed: Packed = "whole"


SHAPES = (
    Shape(name="one file", row=PLAIN_ROW, growths=GROWTH),
    # Rows with line breaks, and files of many members, are read by Python: the largest would take minutes.
    Shape(name="one file, quoted line breaks", row=QUOTED_ROW, growths=GROWTH[:2]),
    Shape(name="one file, gzip", row=PLAIN_ROW, growths=GROWTH[:2], suffix=".gz"),
    Shape(
        name="one file, gzip in members", row=PLAIN_ROW, growths=GROWTH[:2], suffix=".gz", packed="members"
    ),
)


@dataclass(kw_only=True)
class Reading:
    """What the driver read of the landing zone."""

    files: int = 0
    bytes: int = 0

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count what is opened by the driver's own code meanwhile."""
        opened = LocalLandingZone.open

        def counting(zone: LocalLandingZone, file: LandedFile) -> BinaryIO:
            return _Counted(opened(zone, file), self)  # type: ignore[return-value]

        LocalLandingZone.open = counting  # type: ignore[method-assign]
        try:
            yield
        finally:
            LocalLandingZone.open = opened  # type: ignore[method-assign]


class _Counted:
    """A stream that tells how much of it was read."""

    def __init__(self, stream: BinaryIO, reading: Reading) -> None:
        self._stream = stream
        self._reading = reading
        self._was_read = False

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self._reading.bytes += len(data)
        self._reading.files += not self._was_read
        self._was_read = True
        return data

    def close(self) -> None:
        self._stream.close()

    def __enter__(self) -> _Counted:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


@dataclass(frozen=True, kw_only=True)
class Figures:
    """One line of the table."""

    name: str
    growth: int
    landed_bytes: int
    seconds: float
    by_hand_seconds: float | None
    reading: Reading
    peak_mib: float
    """The most memory that the driver's Python process had so far."""


def main() -> None:
    arguments = _arguments()
    settings = Settings(spark=SparkSettings(master=arguments.master))
    with tempfile.TemporaryDirectory(prefix="growth-files-") as folder:
        spark = SparkSessionFactory(settings).create("growth of files")
        try:
            figures = list(_measured(spark, Path(folder), arguments))
        finally:
            spark.stop()
    Console(width=120).print(_as_table(figures, arguments.runs))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--master", default="local[*]")
    parser.add_argument("--files", type=int, default=30, help="small files of 1 ×")
    parser.add_argument("--rows", type=int, default=10, help="rows of a small file")
    parser.add_argument("--megabytes", type=int, default=20, help="size of the large file of 1 ×")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", choices=("small", "large"), help="measure one half: it takes minutes")
    return parser.parse_args()


def _measured(spark: SparkSession, folder: Path, arguments: argparse.Namespace) -> Iterator[Figures]:
    bench = _Bench(spark, folder, arguments.runs)
    bench.warm_up()
    for growth in GROWTH if arguments.only != "large" else ():
        landing = bench.landing(f"small{growth}")
        for number in range(arguments.files * growth):
            _write(landing / f"{number:06}.csv", PLAIN_ROW, rows=arguments.rows)
        rows = arguments.files * growth * arguments.rows
        yield bench.measure("small files", growth, landing, rows=rows, beside_by_hand=True)
    for shape in SHAPES if arguments.only != "small" else ():
        for growth in shape.growths:
            landing = bench.landing(f"large{growth}{len(shape.name)}")
            size_bytes = arguments.megabytes * growth * 1_000_000
            rows = size_bytes // len(shape.row.format(10**6, 1))
            _write(landing / f"a.csv{shape.suffix}", shape.row, rows=rows, packed=shape.packed)
            yield bench.measure(shape.name, growth, landing, rows=rows)
            shutil.rmtree(landing)


def _write(path: Path, row: str, *, rows: int, packed: Packed = "whole") -> None:
    with _opened(path, packed) as write:
        write(",".join(COLUMNS) + "\n")
        for start in range(0, rows, ROWS_AT_ONCE):
            some = range(start, min(rows, start + ROWS_AT_ONCE))
            write("".join(row.format(number, number % 7) for number in some))


@contextmanager
def _opened(path: Path, packed: Packed) -> Iterator[Callable[[str], object]]:
    """Open a file and give what writes to it; where it is packed in members, each text becomes one."""
    with path.open("wb") as file:
        if path.suffix != ".gz":
            yield lambda text: file.write(text.encode())
        elif packed == "members":
            yield lambda text: file.write(gzip.compress(text.encode(), 1))
        else:
            with gzip.open(file, "wb", 1) as stream:
                yield lambda text: stream.write(text.encode())


class _Bench:
    def __init__(self, spark: SparkSession, folder: Path, runs: int) -> None:
        self._spark = spark
        self._folder = folder
        self._runs = runs

    def landing(self, name: str) -> Path:
        landing = self._folder / name
        landing.mkdir()
        return landing

    def warm_up(self) -> None:
        """Have each way of reading used once: the JVM's and Python's first use is not the claim."""
        landing = self.landing("warm")
        for number in range(300):
            _write(landing / f"{number}.csv", QUOTED_ROW if number % 2 else PLAIN_ROW, rows=5)
        _write(landing / "large.csv", PLAIN_ROW, rows=1_000_000)
        for _ in range(2):
            self._ours(landing)
            self._by_hand(landing)

    def measure(
        self, name: str, growth: int, landing: Path, *, rows: int, beside_by_hand: bool = False
    ) -> Figures:
        seconds: list[float] = []
        by_hand: list[float] = []
        time.sleep(0.3)  # files at rest
        for _ in range(self._runs):
            reading = Reading()
            with reading.counted():
                seconds.append(_timed(lambda: self._ours(landing)))
            assert self._rows_taken() == rows, "rows are missing: the figure says nothing"
            if beside_by_hand:
                by_hand.append(_timed(lambda: self._by_hand(landing)))
            print(f"{name} × {growth}: {seconds[-1]:.2f} s {by_hand[-1:]}", file=sys.stderr)
        return Figures(
            name=name,
            growth=growth,
            landed_bytes=sum(path.stat().st_size for path in landing.iterdir()),
            seconds=statistics.median(seconds),
            by_hand_seconds=statistics.median(by_hand) if by_hand else None,
            reading=reading,
            peak_mib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        )

    def _ours(self, landing: Path) -> None:
        warehouse = self._emptied("ours")
        variables = {"landing": str(landing)}
        result = run_pipeline(_pipeline(), spark=self._spark, warehouse=warehouse, variables=variables)
        if result.failures:
            raise RuntimeError(str(result.failures))

    def _rows_taken(self) -> int:
        files = Snapshot.load(str(self._folder / "ours" / "bronze" / "raw")).files()
        return sum(json.loads(text)["numRecords"] for text in files.column("stats").to_pylist())

    def _by_hand(self, landing: Path) -> None:
        reader = self._spark.read.schema(", ".join(f"{name} string" for name in COLUMNS))
        rows = reader.csv(str(landing), header=True, multiLine=False).select("*", "_metadata.file_path")
        rows.write.format("delta").save(str(self._emptied("hand")))

    def _emptied(self, name: str) -> Path:
        shutil.rmtree(self._folder / name, ignore_errors=True)
        return self._folder / name


def _pipeline() -> PipelineDefinition:
    builder = DeclarativePipelineBuilder("growth").variable("landing", default="none")
    return builder.bronze("raw", from_files("${landing}/*", columns=COLUMNS)).build()


def _timed(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def _as_table(figures: list[Figures], runs: int) -> Table:
    table = Table(title=f"a Bronze table from what has landed: medians of {runs} warm runs")
    headings = (
        "landed",
        "MB",
        "seconds",
        "to 1 ×",
        "by hand",
        "driver: files read",
        "bytes read",
        "peak MiB",
    )
    for heading in headings:
        table.add_column(heading, justify="left" if heading == "landed" else "right")
    first = {each.name: each.seconds for each in reversed(figures)}
    for each in figures:
        table.add_row(
            f"{each.name} × {each.growth}",
            f"{each.landed_bytes / 1e6:.2f}",
            f"{each.seconds:.2f}",
            f"{each.seconds / first[each.name]:.2f}",
            f"{each.by_hand_seconds:.2f}" if each.by_hand_seconds is not None else "",
            f"{each.reading.files:,}",
            f"{each.reading.bytes:,}",
            f"{each.peak_mib:.0f}",
        )
    return table


if __name__ == "__main__":
    main()
