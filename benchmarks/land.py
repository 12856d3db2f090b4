"""The claim: ``lakehouse land`` takes 305 CSV files (48 MB) at least 3 times as fast as Spark and Delta with their
start, and on two processes at least 1.8 times as fast as on one.

    python benchmarks/land.py [--files 305] [--megabytes 48] [--rounds 3] [--without-spark]

Whole processes, from start to exit, in turn; medians, and the ratio of each round's pair. Two kinds of files: plain
CSV, which Arrow parses, and CSV with a line break in each tenth row, which Python parses. ``--megabytes 480`` has so
much to parse that the start of a process hardly counts.
"""

from __future__ import annotations

import argparse
import gzip
import itertools
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
COLUMNS = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
COMMAND = """
import sys
from lakehouse.cli import main
if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
"""
BY_SPARK = """
import sys
from delta import configure_spark_with_delta_pip
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
builder = (
    SparkSession.builder.master("local[*]")
    .config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension")
    .config("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog")
)
spark = configure_spark_with_delta_pip(builder).getOrCreate()
rows = spark.read.option("header", True).option("quote", '"').option("escape", '"').option("multiLine", sys.argv[3])
rows = rows.csv(sys.argv[1]).withColumns({"_source_file": F.col("_metadata.file_path"), "_ingested_at": F.now()})
rows.write.format("delta").mode("append").save(sys.argv[2])
"""


def main() -> None:
    arguments = _arguments()
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        (place / "land.py").write_text(COMMAND)
        (place / "spark.py").write_text(BY_SPARK)
        for kind, broken in (("plain CSV", False), ("a line break in each tenth row", True)):
            files = place / kind.replace(" ", "_")
            _make(files, arguments.files, arguments.megabytes << 20, broken=broken)
            ways: dict[str, Callable[[Path], list[str]]] = {
                "land, 1 process": lambda to, of=files: _land(place, of, to, 1),
                "land, 2 processes": lambda to, of=files: _land(place, of, to, 2),
                "Spark and Delta": lambda to, of=files, odd=broken: [
                    sys.executable,
                    str(place / "spark.py"),
                    str(of),
                    str(to),
                    str(odd).lower(),
                ],
            }
            if arguments.without_spark:
                del ways["Spark and Delta"]
            taken: dict[str, list[float]] = {way: [] for way in ways}
            for _, (way, command) in itertools.product(range(arguments.rounds), ways.items()):
                target = place / "lake"
                shutil.rmtree(target, ignore_errors=True)
                started = time.perf_counter()
                subprocess.run(command(target), check=True, cwd=ROOT, capture_output=True)
                taken[way].append(time.perf_counter() - started)
            print(f"\n{kind}: {arguments.files} files, {arguments.megabytes} MB")
            one = taken["land, 1 process"]
            for way, seconds in taken.items():
                ratios = [each / own for each, own in zip(seconds, one, strict=True)]
                print(
                    f"{way:20} {statistics.median(seconds):6.1f} s   {statistics.median(ratios):5.2f} of one process"
                )


def _land(place: Path, files: Path, target: Path, processes: int) -> list[str]:
    given = ["land", str(files), "sales_raw", "--columns", COLUMNS, "--warehouse", str(target)]
    return [sys.executable, str(place / "land.py"), *given, "--processes", str(processes)]


def _make(folder: Path, count: int, size_bytes: int, *, broken: bool) -> None:
    folder.mkdir()
    lines = itertools.cycle(list(_lines()))
    for number in range(count):
        rows, size = [], 0
        while size < size_bytes // count:
            row = next(lines)
            if broken and len(rows) % 10 == 0:
                row = row.rstrip(b"\r\n") + b" \n"
                row = b'"' + row.replace(b",", b'\nof a till",', 1)
            rows.append(row)
            size += len(row)
        (folder / f"{number:04}.csv").write_bytes(COLUMNS.encode() + b"\n" + b"".join(rows))


def _lines() -> Iterator[bytes]:
    for day in sorted((ROOT / "data" / "retail").glob("*.csv.gz")):
        yield from gzip.decompress(day.read_bytes()).splitlines(keepends=True)[1:]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", type=int, default=305)
    parser.add_argument("--megabytes", type=int, default=48)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--without-spark", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
