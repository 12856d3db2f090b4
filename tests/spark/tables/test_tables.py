"""What a table promises to readers and writers, by every engine, beside what Spark itself reads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from chispa import assert_df_equality
from delta.tables import DeltaTable
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.delta_log import Snapshot
from lakehouse.errors import TableError
from lakehouse.tables import (
    AlreadyPublished,
    DeltaSparkTable,
    IWritableDeltaTable,
    MergePlan,
    NativeTable,
    Predecessor,
    Published,
    SupersededWriteError,
    TableLayout,
    TableWriteError,
    TransactionId,
    UnreadableChangesError,
    delta_spark,
)
from tests.spark.tables.conftest import Engine
from tests.spark.tables.table_rows import APP, numbers, transaction

pytestmark = pytest.mark.spark


def as_spark_reads(spark: SparkSession, table: IWritableDeltaTable, version: int) -> DataFrame:
    return spark.read.format("delta").option("versionAsOf", version).load(table.path)


def test_a_missing_table_has_no_state(table: IWritableDeltaTable) -> None:
    assert table.state() is None


def test_each_write_is_one_version_and_every_version_stays_readable(
    spark: SparkSession, table: IWritableDeltaTable
) -> None:
    assert table.append(numbers(spark, 1, 2), transaction=transaction(0)) == Published(version=0)
    assert table.append(numbers(spark, 3), transaction=transaction(1)) == Published(version=1)
    assert table.replace(numbers(spark, 9), transaction=transaction(2)) == Published(version=2)
    for version in range(3):
        assert_df_equality(
            table.read(version=version), as_spark_reads(spark, table, version), ignore_row_order=True
        )


def test_a_transaction_that_was_taken_is_not_taken_again(
    spark: SparkSession, table: IWritableDeltaTable
) -> None:
    table.append(numbers(spark, 1), transaction=transaction(0))
    for write in (table.append, table.replace):
        assert write(numbers(spark, 2), transaction=transaction(0)) == AlreadyPublished(version=0)
    again = table.merge(numbers(spark, 2), MergePlan(keys=("n",)), transaction=transaction(0))
    assert again == AlreadyPublished(version=0)
    assert table.read(version=0).count() == 1


def test_the_state_tells_version_schema_and_transactions(
    spark: SparkSession, table: IWritableDeltaTable
) -> None:
    table.append(numbers(spark, 1), transaction=transaction(7))
    state = table.state()
    assert state is not None
    assert (state.version, dict(state.transactions)) == (0, {APP: 7})
    assert state.schema.simpleString() == numbers(spark).schema.simpleString()
    assert state.has_taken(transaction(7))
    assert not state.has_taken(transaction(8))


def test_a_merge_updates_what_matches_and_inserts_the_rest(
    spark: SparkSession, table: IWritableDeltaTable
) -> None:
    table.merge(numbers(spark, 1, 2), MergePlan(keys=("n",)), transaction=transaction(0))
    changed = spark.createDataFrame([(2, "two"), (3, "three")], "n int, text string")
    table.merge(changed, MergePlan(keys=("n",)), transaction=transaction(1))
    rows = {tuple(row) for row in table.read(version=1).collect()}
    assert rows == {(1, "1"), (2, "two"), (3, "three")}


def test_rows_added_are_those_of_the_versions_in_between(
    spark: SparkSession, table: IWritableDeltaTable
) -> None:
    for number in range(4):
        table.append(numbers(spark, number), transaction=transaction(number))
    assert {row.n for row in table.rows_added(after=-1, through=2).collect()} == {0, 1, 2}
    assert {row.n for row in table.rows_added(after=0, through=2).collect()} == {1, 2}
    assert table.rows_added(after=2, through=2).count() == 0


def test_rows_are_right_where_some_are_deleted_by_vector(
    spark: SparkSession, warehouse: Path, engine: Engine
) -> None:
    path = str(warehouse / "t")
    writer = numbers(spark, 1, 2, 3).coalesce(1).write.format("delta")
    writer.options(**{"delta.enableDeletionVectors": True, "delta.enableChangeDataFeed": True}).save(path)
    table = engine(spark, path)
    table.append(numbers(spark, 4).coalesce(1), transaction=transaction(0))
    assert {row.n for row in table.rows_added(after=0, through=1).collect()} == {4}
    DeltaTable.forPath(spark, path).delete("n = 2")
    assert {row.n for row in table.read(version=2).collect()} == {1, 3, 4}
    with pytest.raises(UnreadableChangesError, match="version 2 took 1 data files away"):
        table.rows_added(after=1, through=2)


def test_rows_are_right_where_columns_have_other_names_in_the_files(
    spark: SparkSession, warehouse: Path
) -> None:
    path = str(warehouse / "t")
    numbers(spark, 1, 2).write.format("delta").option("delta.columnMapping.mode", "name").save(path)
    rows = {tuple(row) for row in DeltaSparkTable(spark, path).read(version=0).collect()}
    assert rows == {(1, "1"), (2, "2")}


def test_a_partitioned_table_is_read_with_its_partition_values(spark: SparkSession, warehouse: Path) -> None:
    path = str(warehouse / "t")
    numbers(spark, 1, 2).write.format("delta").partitionBy("n").save(path)
    rows = {tuple(row) for row in DeltaSparkTable(spark, path).read(version=0).collect()}
    assert rows == {(1, "1"), (2, "2")}


def test_a_write_that_fails_leaves_the_table_and_names_its_root_cause(
    spark: SparkSession, table: IWritableDeltaTable
) -> None:
    table.append(numbers(spark, 1), transaction=transaction(0))
    broken = numbers(spark, 0).selectExpr("1 DIV n AS n", "text").selectExpr("CAST(n AS int) AS n", "text")
    with pytest.raises(TableWriteError, match=r"as it was before: .*DIVIDE_BY_ZERO.*Fix:"):
        table.append(broken, transaction=transaction(1))
    state = table.state()
    assert state is not None
    assert state.version == 0


def test_a_schema_grows_only_where_it_may(spark: SparkSession, table: IWritableDeltaTable) -> None:
    table.append(numbers(spark, 1), transaction=transaction(0))
    wider = numbers(spark, 2).selectExpr("*", "true AS more")
    with pytest.raises(TableWriteError):
        table.append(wider, transaction=transaction(1))
    table.append(wider, transaction=transaction(1), evolve_schema=True)
    assert table.read(version=1).columns == ["n", "text", "more"]


def test_two_engines_can_write_the_same_table_in_turn(spark: SparkSession, warehouse: Path) -> None:
    path = str(warehouse / "t")
    engines = [NativeTable(spark, path), DeltaSparkTable(spark, path)]
    for number in range(6):
        engines[number % 2].append(numbers(spark, number), transaction=transaction(number))
    engines[0].replace(numbers(spark, 7).selectExpr("*", "1.5D AS more"), transaction=transaction(6))
    assert {row.n for row in as_spark_reads(spark, engines[1], 5).collect()} == set(range(6))
    assert [tuple(row) for row in as_spark_reads(spark, engines[1], 6).collect()] == [(7, "7", 1.5)]
    assert DeltaTable.forPath(spark, path).history().count() == 7


def test_values_of_every_type_come_back_as_they_were(spark: SparkSession, warehouse: Path) -> None:
    frame = spark.sql(
        """
        SELECT CAST(1 AS tinyint) AS a, 2L AS b, 1.25D AS c, CAST('NaN' AS double) AS d,
               CAST(3.14 AS decimal(38,18)) AS e, 'é' AS f, X'00FF' AS g, true AS h,
               DATE'0999-12-31' AS i, TIMESTAMP'1500-01-01 00:00:00' AS j,
               TIMESTAMP_NTZ'2024-01-01 00:00:00.123456' AS k, array(1, null) AS l, map('x', 1) AS m,
               named_struct('y', CAST(null AS int)) AS n
        UNION ALL SELECT null, null, null, null, null, null, null, null, null, null, null, null, null, null
        """
    )
    table = NativeTable(spark, str(warehouse / "t"))
    table.append(frame, transaction=transaction(0))
    read = spark.read.format("delta").load(table.path)
    assert read.schema.simpleString() == frame.schema.simpleString()
    assert [repr(row) for row in read.orderBy("b").collect()] == [
        repr(row) for row in frame.orderBy("b").collect()
    ]
    assert read.where("b = 2 AND j < TIMESTAMP'1600-01-01'").count() == 1


def test_statistics_let_spark_skip_files_and_never_a_row(spark: SparkSession, warehouse: Path) -> None:
    table = NativeTable(spark, str(warehouse / "t"))
    for number in range(3):
        rows = (
            spark.range(number * 100, number * 100 + 100)
            .coalesce(1)
            .selectExpr("CAST(id AS int) AS n", "'x' AS text")
        )
        table.append(rows, transaction=transaction(number))
    found = spark.read.format("delta").load(table.path).where("n BETWEEN 120 AND 130")
    assert found.count() == 11
    assert len({row.file for row in found.selectExpr("_metadata.file_name AS file").collect()}) == 1
    stats = [json.loads(text) for text in Snapshot.load(table.path).files()["stats"].to_pylist()]
    assert sorted((each["minValues"]["n"], each["maxValues"]["n"]) for each in stats) == [
        (0, 99),
        (100, 199),
        (200, 299),
    ]


def test_a_failed_write_leaves_no_file_behind(spark: SparkSession, warehouse: Path) -> None:
    table = NativeTable(spark, str(warehouse / "t"))
    table.append(numbers(spark, 1), transaction=transaction(0))
    before = sorted(path.name for path in (warehouse / "t").rglob("*.parquet"))
    broken = numbers(spark, 1, 0).selectExpr("CAST(1 DIV n AS int) AS n", "text")
    with pytest.raises(TableWriteError):
        table.append(broken, transaction=transaction(1))
    assert sorted(path.name for path in (warehouse / "t").rglob("*.parquet")) == before


def test_a_column_that_must_not_be_null_takes_no_null(
    spark: SparkSession, warehouse: Path, engine: Engine
) -> None:
    path = str(warehouse / "t")
    spark.sql(f"CREATE TABLE delta.`{path}` (n INT NOT NULL, text STRING) USING delta")
    table = engine(spark, path)
    table.append(numbers(spark, 1), transaction=transaction(0))
    missing = spark.createDataFrame([(None, "x")], "n int, text string")
    with pytest.raises(TableWriteError, match=r"(?i)null"):
        table.append(missing, transaction=transaction(1))
    assert [row.n for row in as_spark_reads(spark, table, 1).collect()] == [1]


def test_staged_rows_are_published_as_they_were_computed_and_as_often_as_it_takes(
    spark: SparkSession, table: IWritableDeltaTable
) -> None:
    staged = table.stage(numbers(spark, 1, 2).withColumn("lot", F.rand()))
    assert (staged.row_count, staged.exist()) == (2, True)
    target, rows = table.with_staged(staged)
    chosen = sorted(map(tuple, rows.collect()))
    assert target.append(rows, transaction=transaction(0)) == Published(version=0)
    again, rows = table.with_staged(staged)
    assert again.append(rows, transaction=transaction(0)) == AlreadyPublished(version=0)
    assert again.append(rows, transaction=transaction(1)) == Published(version=1)
    assert sorted(map(tuple, as_spark_reads(spark, table, 0).collect())) == chosen
    assert sorted(map(tuple, as_spark_reads(spark, table, 1).collect())) == sorted(chosen * 2)
    staged.discard()
    assert not staged.exist()
    assert as_spark_reads(spark, table, 1).count() == 4


def test_work_that_was_decided_after_another_state_of_the_table_is_refused(
    spark: SparkSession, table: IWritableDeltaTable
) -> None:
    def ordered(number: int, after: int | None) -> TransactionId:
        return TransactionId(application=APP, number=number, follows=Predecessor(number=after))

    assert table.append(numbers(spark, 1), transaction=ordered(0, None)) == Published(version=0)
    assert table.append(numbers(spark, 1), transaction=ordered(0, None)) == AlreadyPublished(version=0)
    assert isinstance(table.append(numbers(spark, 2), transaction=ordered(3, 0)), Published)
    version = table.state().version  # type: ignore[union-attr]
    for write in (table.append, table.replace):
        with pytest.raises(SupersededWriteError, match="whose last batch now is 3"):
            write(numbers(spark, 9), transaction=ordered(2, 0))
    with pytest.raises(SupersededWriteError):
        table.merge(numbers(spark, 9), MergePlan(keys=("n",)), transaction=ordered(4, 2))
    assert table.state().version == version  # type: ignore[union-attr]


def test_an_older_piece_that_comes_between_the_look_and_the_commit_of_delta_is_kept_out(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ordered(number: int, after: int | None) -> TransactionId:
        return TransactionId(application=APP, number=number, follows=Predecessor(number=after))

    path = str(tmp_path / "t")
    older: list[type[BaseException]] = []

    def come_between(*, at: str, engine: Engine, number: int, after: int | None) -> DeltaSparkTable:
        """Return a table to which an older piece comes where ``at`` is called."""
        called = getattr(delta_spark, at)

        def first(*args: object) -> object:
            monkeypatch.setattr(delta_spark, at, called)
            answer = called(*args)
            try:
                engine(spark, path).append(numbers(spark, 100 + number), transaction=ordered(number, after))
            except TableError as error:
                older.append(type(error))
            return answer

        monkeypatch.setattr(delta_spark, at, first)
        return DeltaSparkTable(spark, path)

    NativeTable(spark, path).append(numbers(spark, 1), transaction=ordered(0, None))
    for step, engine in enumerate((DeltaSparkTable, NativeTable)):
        number, after = 10 * (step + 1), 10 * step
        # It comes first: the newer piece, which has the same inputs, is refused.
        newer = come_between(at="progress_in", engine=engine, number=number - 5, after=after)
        with pytest.raises(SupersededWriteError, match=f"whose last batch now is {number - 5}"):
            newer.append(numbers(spark, 999), transaction=ordered(number - 4, after))
        # It comes behind the fence: it is refused itself.
        newer = come_between(at="put_fence", engine=engine, number=number - 3, after=number - 5)
        newer.merge(numbers(spark, number), MergePlan(keys=("n",)), transaction=ordered(number, number - 5))
    assert older == [SupersededWriteError] * 2
    rows = spark.read.format("delta").load(path).select("n").collect()
    assert sorted(row.n for row in rows) == [1, 10, 20, 105, 115]


def test_a_layout_is_taken_when_the_table_is_created_and_kept(
    spark: SparkSession, engine: Engine, tmp_path: Path
) -> None:
    properties = {"delta.appendOnly": "false", "delta.enableChangeDataFeed": "false"}
    layout = TableLayout(partition_by=("n",), properties=properties)
    table = engine(spark, str(tmp_path / "laid out"), layout=layout)
    table.append(numbers(spark, 1, 2), transaction=transaction(0))
    table.replace(numbers(spark, 3), transaction=transaction(1))
    snapshot = Snapshot.load(table.path)
    assert snapshot.partition_columns == ("n",)
    assert {name: snapshot.properties[name] for name in properties} == properties


def test_a_partition_gets_one_file_of_a_small_write(
    spark: SparkSession, engine: Engine, tmp_path: Path
) -> None:
    table = engine(spark, str(tmp_path / "by number"), layout=TableLayout(partition_by=("n",)))
    scattered = numbers(spark, *([1, 2] * 10)).repartition(4)
    assert scattered.rdd.getNumPartitions() == 4
    table.append(scattered, transaction=transaction(0))
    assert Snapshot.load(table.path).files().num_rows == 2
    assert table.read(version=0).count() == 20


def test_rows_in_memory_are_staged_as_the_files_that_their_size_needs(
    spark: SparkSession, table: IWritableDeltaTable
) -> None:
    rows = spark.range(100).repartition(4).persist()
    rows.count()
    for expected_bytes, files in ((None, 4), (0, 1), (16 * 2**20 + 1, 2), (10**9, 4)):
        staged = table.stage(rows, expected_bytes=expected_bytes)
        assert (expected_bytes, len(staged.files()), staged.row_count) == (expected_bytes, files, 100)
    rows.unpersist()
