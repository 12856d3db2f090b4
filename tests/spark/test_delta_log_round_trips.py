"""What we write, delta-spark and delta-rs read: the same rows, protocol, metadata, and files to skip."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import deltalake
import pyarrow as pa
import pytest
from pyspark.sql import functions

from lakehouse.delta_log import Snapshot, TransactionManager
from tests.spark import delta_log_rows as data

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark


@pytest.fixture
def manager() -> TransactionManager:
    return TransactionManager()


@pytest.fixture
def table(warehouse: Path, manager: TransactionManager) -> Path:
    """A table with a file for each of the difficult rows."""
    path = warehouse / "rows"
    with manager.transaction(path) as transaction:
        transaction.create(data.SCHEMA)
    for row in data.ROWS:
        with manager.transaction(path) as transaction:
            transaction.append(data.table(row["id"]))
    return path


def rows_in_spark(spark: SparkSession, path: Path) -> list[object]:
    # Through Arrow: Python's datetime has no place for a time zone of the year 1.
    read = spark.read.format("delta").load(str(path))
    return rows_in_arrow(read.toArrow())


def rows_in_arrow(read: pa.Table) -> list[object]:
    rows = read.sort_by("id").to_pylist()
    return [comparable_row(row) for row in rows]


def comparable_row(row: dict[str, Any]) -> object:
    return tuple((name, data.comparable(row[name])) for name in data.SCHEMA.names)


EXPECTED = rows_in_arrow(data.table())


def test_delta_spark_reads_every_row_as_it_was(spark: SparkSession, table: Path) -> None:
    assert rows_in_spark(spark, table) == EXPECTED


def test_delta_rs_reads_every_row_as_it_was(table: Path) -> None:
    assert rows_in_arrow(deltalake.DeltaTable(table).to_pyarrow_table()) == EXPECTED


def test_schema_properties_and_protocol_are_the_same_everywhere(
    spark: SparkSession, warehouse: Path, manager: TransactionManager
) -> None:
    path = warehouse / "described"
    with manager.transaction(path) as transaction:
        transaction.create(
            data.SCHEMA.append(pa.field("must", pa.int32(), nullable=False)),
            partition_by=["day", "small"],
            properties={"delta.appendOnly": "true", "owner": "me & you"},
            name="described",
            description='a table\'s "text"',
        )
    detail = spark.sql(f"DESCRIBE DETAIL delta.`{path}`").collect()[0]
    theirs = deltalake.DeltaTable(path)
    assert (
        detail["properties"]
        == theirs.metadata().configuration
        == {"delta.appendOnly": "true", "owner": "me & you"}
    )
    assert detail["partitionColumns"] == theirs.metadata().partition_columns == ["day", "small"]
    assert (detail["name"], detail["description"]) == ("described", 'a table\'s "text"')
    assert detail["id"] == theirs.metadata().id
    protocol = theirs.protocol()
    assert (detail["minReaderVersion"], detail["minWriterVersion"]) == (3, 7)
    assert (protocol.min_reader_version, protocol.min_writer_version) == (3, 7)
    assert set(detail["tableFeatures"]) == set(protocol.writer_features or ()) | {"timestampNtz"}
    types = dict(spark.read.format("delta").load(str(path)).dtypes)
    assert types["money"] == "decimal(10,2)"
    assert types["clock"] == "timestamp_ntz"
    assert types["scores"] == "map<string,bigint>"


# A predicate, and the rows that meet it by Spark's own rules: NaN is the greatest number, -0.0 equals 0.0.
PREDICATES = [
    ("number > 1e300", {2, 4}),
    ("number = 0.0", {3}),
    ("isnan(number)", {2}),
    ("single < 0", {4}),
    ("text > 'zz'", {3, 4}),
    ("text = ''", {6}),
    ("text >= '\U0010ffff'", {4}),
    ("text is null", {5}),
    ("day < date'1582-10-15'", {2, 4}),
    ("day = date'9999-12-31'", {6}),
    ("moment < timestamp'1970-01-01 00:00:00Z'", {2, 4, 6}),
    ("moment = timestamp'1500-01-01 00:00:00.000001Z'", {2}),
    ("moment >= timestamp'9999-12-31 23:59:59.999999Z'", {3}),
    ("clock = timestamp_ntz'2024-02-29 12:30:00.999999'", {1}),
    ("clock < timestamp_ntz'1000-01-01'", {3}),
    ("money > 12345678.89", {1}),
    ("huge > 9999999999999999999999999999", {6}),
    ("huge < 0", {2}),
    ("person.age < 0", {6}),
    ("person.name = ''", {4}),
    ("person is null", {3, 5}),
    ("tags is null", {3, 5}),
    ("small = -32768", {6}),
    ("tiny = 127", {6}),
    ("flag = false", {2, 6}),
]


@pytest.mark.parametrize(("predicate", "expected"), PREDICATES)
def test_statistics_make_delta_spark_skip_no_row(
    spark: SparkSession, table: Path, predicate: str, expected: set[int]
) -> None:
    spark.conf.set("spark.sql.session.timeZone", "UTC")
    # Parquet's own filter by dictionaries tells -0.0 from 0.0, whoever wrote the file; it isn't asked here.
    spark.conf.set("spark.sql.parquet.filterPushdown", "false")
    found = spark.read.format("delta").load(str(table)).where(predicate)
    assert {row["id"] for row in found.select("id").collect()} == expected


@pytest.mark.parametrize(
    "predicate", ["text > 'zz'", "day = date'9999-12-31'", "money > 12345678.89", "person.age < 0", "id = 3"]
)
def test_statistics_make_delta_spark_skip_files(spark: SparkSession, table: Path, predicate: str) -> None:
    # The files that are left after data skipping, by Delta's own index.
    found = spark.read.format("delta").load(str(table)).where(predicate)
    scanned = found._jdf.queryExecution().executedPlan().toString()
    found.collect()
    metrics = found._jdf.queryExecution().executedPlan().collectLeaves().head().metrics()
    assert metrics.apply("numFiles").value() < len(data.ROWS), scanned


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ([("text", ">", "zz")], {3, 4}),
        ([("money", ">", Decimal("12345678.00"))], {1}),
        ([("day", "<", dt.date(1582, 10, 15))], {2, 4}),
        ([("small", "=", -32768)], {6}),
    ],
)
def test_statistics_make_delta_rs_skip_no_row(
    table: Path, filters: list[tuple[str, str, Any]], expected: set[int]
) -> None:
    read = deltalake.DeltaTable(table).to_pyarrow_table(filters=filters, columns=["id"])
    assert set(read["id"].to_pylist()) == expected


PARTITION_VALUES = ["a b", "a/b", "a%2Fb", "a=b", "ü日本", "'\"#?&:", "{x}", " lead", "..", "x" * 300]


def test_partition_values_with_special_characters_are_read_everywhere(
    spark: SparkSession, warehouse: Path, manager: TransactionManager
) -> None:
    path = warehouse / "partitioned"
    rows = pa.table({"p": [*PARTITION_VALUES, None], "n": list(range(len(PARTITION_VALUES) + 1))})
    with manager.transaction(path) as transaction:
        transaction.create(rows.schema, partition_by=["p"])
        transaction.append(rows)
    expected = {(row["p"], row["n"]) for row in rows.to_pylist()}
    assert {(row["p"], row["n"]) for row in spark.read.format("delta").load(str(path)).collect()} == expected
    theirs = deltalake.DeltaTable(path).to_pyarrow_table().to_pylist()
    assert {(row["p"], row["n"]) for row in theirs} == expected
    for value in PARTITION_VALUES:
        found = spark.read.format("delta").load(str(path)).where(functions.col("p") == value)
        assert found.count() == 1, value


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (pa.date32(), [dt.date(1500, 1, 1), dt.date(2024, 2, 29), None]),
        (
            pa.timestamp("us", tz="UTC"),
            [dt.datetime(2024, 1, 1, 5, 6, 7, 8, dt.UTC), dt.datetime(1900, 1, 1, tzinfo=dt.UTC), None],
        ),
        (pa.timestamp("us"), [dt.datetime(2024, 1, 1, 5, 6, 7, 8), dt.datetime(2024, 1, 1), None]),
        (pa.decimal128(10, 2), [1.5, -3, None]),
        (pa.bool_(), [True, False, None]),
        (pa.int32(), [-1, 0, None]),
        (pa.float64(), [0.1, -1e300, None]),
    ],
    ids=str,
)  # fmt: skip
def test_partition_values_of_every_type_are_read_everywhere(
    spark: SparkSession, warehouse: Path, manager: TransactionManager, kind: pa.DataType, values: list[Any]
) -> None:
    spark.conf.set("spark.sql.session.timeZone", "UTC")
    path = warehouse / "typed"
    rows = pa.table({"p": pa.array(values).cast(kind), "n": [0, 1, 2]})
    with manager.transaction(path) as transaction:
        transaction.create(rows.schema, partition_by=["p"])
        transaction.append(rows)
    expected = rows.to_pylist()
    in_spark = spark.read.format("delta").load(str(path)).toArrow().select(["p", "n"]).cast(rows.schema)
    assert in_spark.sort_by("n").to_pylist() == expected
    in_rust = deltalake.DeltaTable(path).to_pyarrow_table().select(["p", "n"]).cast(rows.schema)
    assert in_rust.sort_by("n").to_pylist() == expected
    assert Snapshot.load(path).to_arrow().select(["p", "n"]).sort_by("n").to_pylist() == expected


@pytest.mark.parametrize("mode", ["name", "id"])
def test_delta_spark_reads_and_writes_a_table_with_column_mapping(
    spark: SparkSession, warehouse: Path, manager: TransactionManager, mode: str
) -> None:
    path = warehouse / "mapped"
    with manager.transaction(path) as transaction:
        transaction.create(data.SCHEMA, partition_by=["small"], properties={"delta.columnMapping.mode": mode})
        transaction.append(data.table())
    assert rows_in_spark(spark, path) == EXPECTED
    spark.sql(f"ALTER TABLE delta.`{path}` RENAME COLUMN text TO words")
    spark.sql(f"DELETE FROM delta.`{path}` WHERE id = 1")
    with manager.transaction(path) as transaction:
        renamed = data.table(1).rename_columns(["words" if n == "text" else n for n in data.SCHEMA.names])
        transaction.append(renamed)
    back = spark.read.format("delta").load(str(path)).withColumnRenamed("words", "text").toArrow()
    assert rows_in_arrow(back) == EXPECTED
    found = spark.read.format("delta").load(str(path)).where("person.name = 'Ada' and money > 5")
    assert [row["id"] for row in found.collect()] == [1]


def test_row_ids_and_times_in_commits_go_on_where_the_other_engine_stopped(
    spark: SparkSession, warehouse: Path, manager: TransactionManager
) -> None:
    path = warehouse / "tracked"
    properties = {"delta.enableRowTracking": "true", "delta.enableInCommitTimestamps": "true"}
    schema = pa.schema([("n", pa.int64())])
    with manager.transaction(path) as transaction:
        transaction.create(schema, properties=properties)
        transaction.append(pa.table({"n": [0, 1]}))
    spark.sql(f"INSERT INTO delta.`{path}` VALUES (2), (3), (4)")
    with manager.transaction(path) as transaction:
        transaction.append(pa.table({"n": [5]}))
    spark.sql(f"INSERT INTO delta.`{path}` VALUES (6)")
    found = spark.sql(f"SELECT n, _metadata.row_id AS row_id FROM delta.`{path}`").collect()
    assert len({row["row_id"] for row in found}) == 7
    times = [row["timestamp"] for row in spark.sql(f"DESCRIBE HISTORY delta.`{path}`").collect()]
    assert times == sorted(times, reverse=True)
    assert len(set(times)) == 4


@pytest.mark.slow
def test_engines_take_turns_on_one_table(
    spark: SparkSession, warehouse: Path, manager: TransactionManager
) -> None:
    path = warehouse / "shared"
    schema = pa.schema([("n", pa.int64())])
    with manager.transaction(path) as transaction:
        transaction.create(schema, properties={"delta.checkpointInterval": "4"})
    for turn in range(0, 12, 3):
        with manager.transaction(path) as transaction:
            transaction.append(pa.table({"n": [turn]}))
        spark.sql(f"INSERT INTO delta.`{path}` VALUES ({turn + 1})")
        deltalake.write_deltalake(str(path), pa.table({"n": [turn + 2]}), mode="append")
    for read in (
        [row["n"] for row in spark.read.format("delta").load(str(path)).collect()],
        deltalake.DeltaTable(path).to_pyarrow_table()["n"].to_pylist(),
        Snapshot.load(path).to_arrow()["n"].to_pylist(),
    ):
        assert sorted(read) == list(range(12))
    assert list((path / "_delta_log").glob("*.crc"))
    spark.sql(f"DELETE FROM delta.`{path}` WHERE n < 6")
    with manager.transaction(path) as transaction:
        transaction.overwrite(pa.table({"n": [100]}))
    assert [row["n"] for row in spark.read.format("delta").load(str(path)).collect()] == [100]


def test_v2_checkpoints_of_ours_are_read_by_delta_spark(
    spark: SparkSession, warehouse: Path, manager: TransactionManager
) -> None:
    path = warehouse / "v2"
    with manager.transaction(path) as transaction:
        properties = {"delta.checkpointPolicy": "v2", "delta.checkpointInterval": "2"}
        transaction.create(pa.schema([("n", pa.int64())]), properties=properties)
    for n in range(4):
        with manager.transaction(path) as transaction:
            transaction.append(pa.table({"n": [n]}))
    for version in range(4):
        (path / "_delta_log" / f"{version:020d}.json").unlink()
    assert sorted(r["n"] for r in spark.read.format("delta").load(str(path)).collect()) == [0, 1, 2, 3]


def test_our_numbers_compare_as_numbers_do() -> None:
    assert data.comparable(math.nan) == data.comparable(math.nan)
    assert data.comparable(-0.0) != data.comparable(0.0)
