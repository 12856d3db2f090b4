"""Rows of a real PostgreSQL: types exact, each change once, and no credential anywhere.

Run by test_jdbc_source.py in a process of its own, whose session has the database's driver.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import importlib.metadata
import io
import json
import logging
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.ingestion import DatabaseError, DatabaseSchemaError, JdbcReader, JdbcTable
from lakehouse.pipelines import (
    DeclarativePipelineBuilder,
    Failed,
    RunListener,
    Warehouse,
    from_jdbc,
    run_pipeline,
)
from lakehouse.settings import Settings, SparkSettings
from lakehouse.spark_session import SparkSessionFactory
from tests.spark.ingestion.postgres_server import PASSWORD, USER, Server, binaries, running_server
from tests.stopping import StopAfter

DRIVER = "org.postgresql:postgresql:42.7.7"
COLUMNS = {
    "id": "bigint",
    "price": "decimal(10,2)",
    "free": "string",
    "at": "timestamp",
    "local": "timestamp_ntz",
    "day": "date",
    "tags": "array<string>",
    "numbers": "array<int>",
    "uuid": "string",
    "doc": "string",
    "flag": "boolean",
    "ratio": "double",
    "bytes": "binary",
    "span": "string",
}
TABLE = """
CREATE TABLE orders (id bigint PRIMARY KEY, price numeric, free numeric, at timestamptz, local timestamp, day date,
    tags text[], numbers int[], uuid uuid, doc jsonb, flag boolean, ratio double precision, bytes bytea,
    span interval, updated_at timestamptz);
INSERT INTO orders VALUES
 (1, 12345678.90, 0.12345678901234567890123456789, '2011-01-04 10:00:00.123456+02', '2011-01-04 10:00:00.5',
  '2011-01-04', '{a,NULL,"b,c"}', '{1,2}', '6ecd8c99-4036-403d-bf84-cf8400f67836', '{"a": [1]}', true, 0.1,
  '\\x00ff', '1 day 02:00', '2024-01-01 00:00:00.000001+00'),
 (2, 0.125, 'NaN', NULL, NULL, NULL, '{}', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2024-01-02 00:00+00'),
 (3, 123456789012, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
"""


@pytest.fixture(scope="module")
def spark() -> Iterator[SparkSession]:
    """A session with the database's driver, which the shared one lacks."""
    conf = {
        "spark.jars.packages": f"{delta_package()},{DRIVER}",
        "spark.sql.shuffle.partitions": "2",
        "spark.ui.enabled": "false",
    }
    session = SparkSessionFactory(Settings(spark=SparkSettings(master="local[2]", conf=conf))).create("jdbc")
    yield session
    session.stop()


def delta_package() -> str:
    version = importlib.metadata.version("delta-spark")
    return f"io.delta:delta-spark_4.2_2.13:{version}"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    programs = binaries()
    assert programs is not None
    with running_server(programs) as running:
        running.run(TABLE)
        yield running


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_USER", USER)
    monkeypatch.setenv("SHOP_PASSWORD", PASSWORD)


def declared(server: Server, **more: object) -> JdbcTable:
    given = {"columns": tuple(COLUMNS.items()), "table": "public.orders", **more}
    return JdbcTable(
        url=server.url,
        user="env:SHOP_USER",
        password="env:SHOP_PASSWORD",
        **given,
    )  # type: ignore[arg-type]


def test_types_are_exact_and_what_does_not_fit_is_rescued(spark: SparkSession, server: Server) -> None:
    reader = JdbcReader(table=declared(server, partition_on="id", partitions=2), open_session=lambda: spark)
    now = dt.datetime(2024, 5, 1, tzinfo=dt.UTC)
    frame = reader.rows(reader.next(None, now), ingested_at=now)
    first, second, third = sorted(frame.collect())
    with contextlib.redirect_stdout(io.StringIO()) as said:
        frame.explain(extended=True)
    explained = said.getvalue()
    assert "numPartitions=2" in explained
    assert PASSWORD not in explained
    assert USER not in explained
    assert first.asDict() | {"_ingested_at": None, "at": None} == {
        "id": 1,
        "price": Decimal("12345678.90"),
        "free": "0.12345678901234567890123456789",
        "at": None,
        "local": dt.datetime(2011, 1, 4, 10, 0, 0, 500_000),
        "day": dt.date(2011, 1, 4),
        "tags": ["a", None, "b,c"],
        "numbers": [1, 2],
        "uuid": "6ecd8c99-4036-403d-bf84-cf8400f67836",
        "doc": '{"a": [1]}',
        "flag": True,
        "ratio": 0.1,
        "bytes": bytearray(b"\x00\xff"),
        "span": "1 day 02:00:00",
        "_ingested_at": None,
        "_rescued_data": None,
    }
    moment = frame.where("id = 1").selectExpr("unix_micros(at) AS micros").first()
    assert moment.micros == int(dt.datetime(2011, 1, 4, 8, 0, 0, 123_456, dt.UTC).timestamp() * 1_000_000)
    assert [(row.price, json.loads(row._rescued_data), row.free) for row in (second, third)] == [
        (None, {"price": "0.125"}, "NaN"),
        (None, {"price": "123456789012"}, None),
    ]
    wrong = JdbcReader(
        table=declared(server, columns=(("id", "int"), ("at", "date"))), open_session=lambda: spark
    )
    with pytest.raises(
        DatabaseSchemaError, match="'id' is bigint, expected int; 'at' is timestamp, expected date"
    ):
        wrong.rows(wrong.next(None, now), ingested_at=now)


def test_changes_come_once_by_their_cursor_and_late_ones_by_the_overlap(
    spark: SparkSession, server: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    flow = from_jdbc(
        server.url,
        query="SELECT id, updated_at FROM orders",
        columns={"id": "bigint", "updated_at": "timestamp"},
        user="env:SHOP_USER",
        password="env:SHOP_PASSWORD",
        cursor="updated_at",
        overlap_seconds=3600,
        keys=["id"],
    ).append()
    pipeline = DeclarativePipelineBuilder("p").bronze("orders", flow).build()
    warehouse = Warehouse.at(tmp_path / "lake")

    def run() -> list[int]:
        result = run_pipeline(pipeline, spark=spark, warehouse=warehouse)
        for outcome in result.outcomes.values():
            if isinstance(outcome, Failed):
                raise outcome.error
        table = spark.read.format("delta").load(warehouse.path_of("bronze", "orders"))
        return sorted(row.id for row in table.collect())

    server.run("UPDATE orders SET updated_at = '2024-01-02 00:00+00' WHERE id <> 1")
    assert run() == [1, 2, 3]
    assert run() == [1, 2, 3]
    server.run("INSERT INTO orders (id, updated_at) VALUES (4, '2024-01-03 00:00+00')")
    server.run("INSERT INTO orders (id, updated_at) VALUES (5, '2024-01-01 23:30+00')")  # committed late
    server.run("INSERT INTO orders (id, updated_at) VALUES (6, '2024-01-01 22:30+00')")  # too late
    server.run("UPDATE orders SET updated_at = '2024-01-03 00:00+00' WHERE id = 1")
    assert run() == [1, 1, 2, 3, 4, 5]
    written = "".join(path.read_text("utf-8", "replace") for path in (tmp_path / "lake").rglob("*.json"))
    for text in (written, caplog.text, repr(pipeline)):
        assert PASSWORD not in text


def test_a_run_that_stops_is_finished_with_the_rows_that_it_had_named(
    spark: SparkSession, server: Server, tmp_path: Path
) -> None:
    server.run(
        "CREATE TABLE marks (id bigint, at timestamptz); INSERT INTO marks VALUES (1, '2024-01-01 00:00+00')"
    )
    flow = from_jdbc(
        server.url,
        table="public.marks",
        columns={"id": "bigint", "at": "timestamp"},
        user="env:SHOP_USER",
        password="env:SHOP_PASSWORD",
        cursor="at",
        keys=["id"],
    ).append()
    pipeline = DeclarativePipelineBuilder("p").bronze("marks", flow).build()
    warehouse = Warehouse.at(tmp_path / "lake")
    folder = Path(warehouse.path_of("bronze", "marks"))

    def run(listener: RunListener | None = None) -> list[int]:
        run_pipeline(pipeline, spark=spark, warehouse=warehouse, listener=listener)
        if not (folder / "_delta_log").exists():
            return []
        return sorted(row.id for row in spark.read.format("delta").load(str(folder)).collect())

    assert run(StopAfter("validate")) == []
    server.run("INSERT INTO marks VALUES (2, '2024-01-02 00:00+00')")
    assert run() == [1, 2], "what was named, and then what is new"
    server.run("INSERT INTO marks VALUES (3, '2024-01-03 00:00+00')")
    assert run(StopAfter("publish")) == [1, 2, 3]
    assert run() == [1, 2, 3]


def test_an_error_has_no_credential(
    spark: SparkSession, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_PASSWORD", "wrong-word")
    reader = JdbcReader(table=declared(server), open_session=lambda: spark)
    with pytest.raises(DatabaseError) as caught:
        reader.rows(reader.next(None, dt.datetime.now(dt.UTC)), ingested_at=dt.datetime.now(dt.UTC))
    assert "wrong-word" not in str(caught.value)
    assert USER not in str(caught.value)
    assert caught.value.__cause__ is None
