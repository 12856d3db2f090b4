"""The claim: maintenance pays by what it saves, and costs less than what others do to the same table.

    python benchmarks/maintain.py [--files 2000] [--rows 20000000] [--runs 3] [--without-spark] [--only compaction]

``compaction``: copies of one table of small files are compacted by us, by delta-rs and by Delta on Spark in turn, and
read before and after. ``clustering``: a query for one value of a table of random numbers, before and after.
``increments``: a clustered table takes 1 % more rows, later days each time, and is clustered again. Medians.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import deltalake
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from figures import seconds_of, show

from lakehouse.delta_log import Predicate, Snapshot, TransactionManager, col
from lakehouse.optimization import Clustering, Compaction, QueryOptimizer, Status

ROWS_OF_A_SMALL_FILE = 500
CLUSTERED_FILE_BYTES = 8 << 20
INCREMENTS = 10


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory() as folder:
        for name, measure in (
            ("compaction", compaction),
            ("clustering", clustering),
            ("increments", increments),
        ):
            if options.only in (None, name):
                show(name, measure(Path(folder) / name, options))


def compaction(folder: Path, options: argparse.Namespace) -> Iterator[Sequence[str]]:
    """Yield a line for each engine: seconds to compact, and to read before and after."""
    random = np.random.default_rng(1)
    made = folder / "made"
    manager = TransactionManager(spark_writers=False)
    for number in range(options.files):
        with manager.transaction(made) as transaction:
            transaction.append(_sales(random, number, ROWS_OF_A_SMALL_FILE))
    engines: dict[str, Callable[[Path], object]] = {
        "lakehouse": lambda path: QueryOptimizer([Compaction()]).maintain(str(path)),
        "delta-rs": lambda path: deltalake.DeltaTable(path).optimize.compact(),
    }
    readers: dict[str, Callable[[Path], object]] = {
        "by lakehouse": lambda path: Snapshot.load(path).to_arrow(),
        "by delta-rs": lambda path: deltalake.DeltaTable(path).to_pyarrow_table(),
    }
    if not options.without_spark:
        spark = _spark()
        engines["Delta on Spark"] = lambda path: spark.sql(f"OPTIMIZE delta.`{path}`").collect()
        readers["by Spark"] = lambda path: (
            spark.read.format("delta").load(str(path)).agg({"units": "sum"}).collect()
        )
    took: dict[str, list[float]] = {name: [] for name in engines}
    rounds = options.runs + (not options.without_spark)  # the first warms Spark, and doesn't count
    for number in range(rounds):
        for name, compact in engines.items():
            path = shutil.copytree(made, folder / f"{name} {number}")
            took[name].append(seconds_of(lambda compact=compact, path=path: compact(path)))
            if number < rounds - 1:
                shutil.rmtree(path)
    yield "compacted by", "seconds", "to lakehouse", ""
    ours = statistics.median(took["lakehouse"][-options.runs :])
    for name, seconds in took.items():
        median = statistics.median(seconds[-options.runs :])
        yield name, f"{median:.2f}", f"{median / ours:.2f}", ""
    small, large = made, folder / f"lakehouse {rounds - 1}"
    yield "read", "small files", "after", "ratio"
    for name, read in readers.items():
        read(large)
        before = statistics.median(seconds_of(lambda read=read: read(small)) for _ in range(options.runs))
        after = statistics.median(seconds_of(lambda read=read: read(large)) for _ in range(options.runs))
        yield name, f"{before:.2f}", f"{after:.2f}", f"{before / after:.1f}"


def clustering(folder: Path, options: argparse.Namespace) -> Iterator[Sequence[str]]:
    """Yield what queries for one value of each column read, before and after."""
    random = np.random.default_rng(2)
    manager = TransactionManager(spark_writers=False)
    parts = max(1, options.rows // 1_000_000)
    for _ in range(parts):
        with manager.transaction(folder) as transaction:
            transaction.append(_points(random, options.rows // parts))
    yield "clustered by", "read before", "files read after", "row groups read after", "ratio"
    for columns in (("x",), ("x", "y")):
        path = shutil.copytree(folder, folder.with_name("-".join(("clustered", *columns))))
        probes = [(name, int(value)) for name in columns for value in random.integers(0, 1_000_000, 20)]
        before = statistics.mean(_group_bytes_of(path, *probe) for probe in probes)
        strategy = Clustering(columns=columns, target_file_bytes=CLUSTERED_FILE_BYTES)
        seconds = seconds_of(
            lambda path=path, strategy=strategy: QueryOptimizer([strategy]).maintain(str(path))
        )
        files = statistics.mean(_bytes_of(path, col(name) == value) for name, value in probes)
        groups = statistics.mean(_group_bytes_of(path, *probe) for probe in probes)
        named = f"{', '.join(columns)} (in {seconds:.0f} s)"
        shown = (f"{size / 2**20:.1f} MiB" for size in (before, files, groups))
        yield named, *shown, f"{before / groups:.1f}"
        shutil.rmtree(path)


def increments(folder: Path, options: argparse.Namespace) -> Iterator[Sequence[str]]:
    """Yield how many bytes are rewritten for each appended one, by us and by delta-rs."""
    rows = max(INCREMENTS * 1_000, options.rows // 100)
    yield "clustered by", "appended", "rewritten", "ratio"
    for name in ("lakehouse", "delta-rs z_order"):
        random = np.random.default_rng(3)
        path = folder / name
        manager = TransactionManager(spark_writers=False)
        with manager.transaction(path) as transaction:
            transaction.append(_sales(random, 0, rows * 10, days=100))
        cluster = Clustering(columns=("day",), target_file_bytes=1 << 20)
        QueryOptimizer([cluster]).maintain(str(path))
        appended = rewritten = 0
        for step in range(INCREMENTS):
            with manager.transaction(path) as transaction:
                transaction.append(_sales(random, 100 + step * 10, rows, days=10))
                appended += sum(file.add.size_bytes for file in transaction.written)
            if name == "lakehouse":
                found = QueryOptimizer([cluster]).maintain(str(path))
                rewritten += sum(each.rewritten_bytes for each in found if each.status is Status.DONE)
            else:
                metrics = deltalake.DeltaTable(path).optimize.z_order(["day"])
                rewritten += json.loads(metrics["filesRemoved"])["totalSize"] or 0
        read = max(_bytes_of(path, col("day") == day) for day in range(0, 100 + INCREMENTS * 10, 7))
        named = f"{name} (a day reads {read / 2**20:.2f} MiB at most)"
        yield (
            named,
            f"{appended / 2**20:.1f} MiB",
            f"{rewritten / 2**20:.1f} MiB",
            f"{rewritten / appended:.2f}",
        )


def _sales(random: np.random.Generator, day: int, rows: int, *, days: int = 1) -> pa.Table:
    return pa.table(
        {
            "day": random.integers(day, day + days, rows),
            "customer": random.integers(0, 50_000, rows),
            "units": random.integers(1, 100, rows),
            "price": random.random(rows),
            "country": pa.array([f"country {number}" for number in random.integers(0, 40, rows)]),
        }
    )


def _points(random: np.random.Generator, rows: int) -> pa.Table:
    columns = {name: random.integers(0, 1_000_000, rows) for name in ("x", "y")}
    return pa.table({**columns, "value": random.random(rows)})


def _bytes_of(path: Path, probe: Predicate) -> int:
    return sum(Snapshot.load(path).files(probe)["size"].to_pylist())


def _group_bytes_of(path: Path, column: str, value: int) -> int:
    """Return the bytes of the row groups that may hold a value, in the files that may."""
    found = 0
    for name in Snapshot.load(path).files(col(column) == value)["path"].to_pylist():
        footer = pq.read_metadata(path / name)
        for group in map(footer.row_group, range(footer.num_row_groups)):
            parts = [group.column(number) for number in range(group.num_columns)]
            bounds = next(part.statistics for part in parts if part.path_in_schema == column)
            if bounds.min <= value <= bounds.max:
                found += sum(part.total_compressed_size for part in parts)
    return found


def _spark():  # type: ignore[no-untyped-def]  # pyspark is loaded only when it is asked for
    from lakehouse.settings import Settings, SparkSettings
    from lakehouse.spark_session import SparkSessionFactory

    return SparkSessionFactory(Settings(spark=SparkSettings(master="local[2]"))).create("maintain")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", type=int, default=2_000)
    parser.add_argument("--rows", type=int, default=20_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--without-spark", action="store_true")
    parser.add_argument("--only", choices=["compaction", "clustering", "increments"])
    return parser.parse_args()


if __name__ == "__main__":
    main()
