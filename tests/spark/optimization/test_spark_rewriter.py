"""Files that Spark's tasks write again hold the same rows, and the driver reads none of them."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.delta_log import SharedWrite, Snapshot, WrittenFile, col
from lakehouse.delta_log.data_files import DataFileReader
from lakehouse.optimization import (
    Clustering,
    Compaction,
    Outcome,
    QueryOptimizer,
    ReadingProbe,
    RewritingStrategy,
    RowsNotKeptError,
    SparkRewriter,
    Status,
    spark_rewriter,
)
from tests.unit.optimization.optimized_tables import MANAGER, append, file_count, points, rows_of

pytestmark = pytest.mark.spark


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table of 24 files in two partitions, of random numbers and nulls."""
    path = tmp_path_factory.mktemp("made") / "t"
    with MANAGER.transaction(path) as transaction:
        transaction.create(points(0).schema.append(pa.field("p", pa.string())), partition_by=["p"])
    for seed in range(12):
        rows = points(seed)
        append(path, rows.append_column("p", pa.array(["a", None] * (rows.num_rows // 2))))
    return path


@pytest.fixture
def table(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "t")


def maintained(spark: SparkSession, path: Path, strategy: RewritingStrategy) -> Sequence[Outcome]:
    """What is more than these bytes is read by no probe, and by tasks only."""
    rewriter, probe = SparkRewriter(spark, here_bytes=0, task_bytes=0), ReadingProbe(most_bytes=0)
    optimizer = QueryOptimizer([strategy], manager=MANAGER, rewriter=rewriter, probe=probe)
    return optimizer.maintain(str(path))


def no_reading(*_: object, **__: object) -> None:
    raise AssertionError("the driver reads a data file")


def test_tasks_put_small_files_together(
    spark: SparkSession, table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = rows_of(table)
    with monkeypatch.context() as patched:
        patched.setattr(DataFileReader, "read", no_reading)
        [outcome] = maintained(spark, table, Compaction())
    assert (outcome.status, file_count(table)) == (Status.DONE, 2)
    assert rows_of(table) == before


@pytest.mark.slow
def test_spark_sorts_by_several_columns_and_proves_each_row(
    spark: SparkSession, table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = rows_of(table)
    size = sum(Snapshot.load(table).files()["size"].to_pylist())
    cluster = Clustering(columns=("x", "y"), target_file_bytes=size // 16)
    write = spark_rewriter.write_files

    def changing(frame: DataFrame, plan: SharedWrite) -> Sequence[WrittenFile]:
        return write(frame.withColumn("y", F.lit(0).cast("bigint")), plan)

    with monkeypatch.context() as patched:
        patched.setattr(DataFileReader, "read", no_reading)
        patched.setattr(spark_rewriter, "write_files", changing)
        with pytest.raises(RowsNotKeptError, match="a hash of all rows is another"):
            maintained(spark, table, cluster)
        assert rows_of(table) == before
        patched.setattr(spark_rewriter, "write_files", write)
        [outcome] = maintained(spark, table, cluster)
    assert outcome.status is Status.DONE
    assert rows_of(table) == before
    snapshot = Snapshot.load(table)
    assert snapshot.files().num_rows >= 12
    for column in ("x", "y"):
        read = [snapshot.files(col(column) == value).num_rows for value in range(0, 1_000, 50)]
        assert sum(read) / len(read) < 9
