"""What the tasks of the jobs look up comes to each node once. A proxy counts what S3 is asked for."""

from __future__ import annotations

import runpy
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pyspark.sql.functions import col

from lakehouse.cache import ReferenceFile
from lakehouse.cache.node_cache import ENABLED
from lakehouse.chess.openings import compile_openings, opening_table
from lakehouse.chess.sample_games import sample_pgn
from lakehouse.chess.spark_udfs import name_openings, replay_games
from lakehouse.division.spark_udfs import exchange_rate
from lakehouse.settings import S3Storage
from lakehouse.storage import S3StorageService, schemes
from tests.conformance.storage import storage_servers
from tests.conformance.storage.fault_proxy import Fault, FaultProxy
from tests.conformance.storage.storage_servers import PLACE, S3_ENVIRONMENT

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

pytestmark = pytest.mark.spark

ROOT = Path(__file__).parents[2]
TASKS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedStore:
    """A bucket, and how often each of its objects was downloaded."""

    store: S3StorageService
    downloads: Counter[str]

    def reference(self, key: str, content: str) -> ReferenceFile:
        self.store.write(key, content.encode())
        return ReferenceFile.at(f"s3://{PLACE}/{key}")


@pytest.fixture
def bucket(spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> Iterator[CountedStore]:
    for variable, value in S3_ENVIRONMENT.items():
        monkeypatch.setenv(variable, value)
        monkeypatch.setitem(spark.sparkContext.environment, variable, value)
    downloads: Counter[str] = Counter()

    def count(method: str, path: str) -> Fault:
        if method == "GET":
            downloads[path.partition("?")[0].rpartition("/")[2]] += 1
        return Fault.NONE

    with storage_servers.moto() as server, FaultProxy(server.port, count) as proxy:
        settings = S3Storage(bucket=PLACE, endpoint=server.behind(proxy.port))
        monkeypatch.setitem(schemes._KNOWN, ("s3", PLACE), settings)
        yield CountedStore(store=S3StorageService(PLACE, endpoint=server.endpoint), downloads=downloads)


def in_tasks(frame: DataFrame) -> DataFrame:
    return frame.repartition(TASKS)


def with_and_without_cache(spark: SparkSession, frame: DataFrame, bucket: CountedStore) -> set[tuple]:
    """Return the rows; check that they come by one download with the cache, and the same ones without."""
    cached = {tuple(row) for row in frame.collect()}
    (key, downloads) = bucket.downloads.popitem()
    assert downloads == 1, f"{key} for {TASKS} tasks of one node"
    spark.conf.set(ENABLED, "false")
    assert {tuple(row) for row in frame.collect()} == cached
    assert bucket.downloads[key] > 1, "without a cache, tasks download it for themselves"
    return cached


def test_exchange_rates_come_to_a_node_once(cached_spark: SparkSession, bucket: CountedStore) -> None:
    rates = bucket.reference("rates.csv", "market,currency,rate\nFrance,EUR,0.85\nJapan,JPY,0.0076\n")
    markets = cached_spark.createDataFrame(
        [(n, ["France", "Japan", "Atlantis", None][n % 4]) for n in range(400)], "id int, market string"
    )
    frame = in_tasks(markets).select("id", "market", exchange_rate("market", rates).alias("x"))
    expected = {
        "France": ("EUR", Decimal("0.85")),
        "Japan": ("JPY", Decimal("0.0076")),
        "Atlantis": (None, None),
        None: (None, None),
    }
    rows = with_and_without_cache(cached_spark, frame, bucket)
    assert len(rows) == 400
    assert all(tuple(found) == expected[market] for _, market, found in rows)


@pytest.mark.slow
def test_an_opening_table_comes_to_a_node_once(cached_spark: SparkSession, bucket: CountedStore) -> None:
    mine = compile_openings([("X01", "King's pawn", "1. e4"), ("X02", "Open", "1. e4 e5")])
    table = bucket.reference("openings.tsv", mine)
    games = [(n, moves) for n, moves in enumerate(["1. e4 c5", "1. e4 e5 2. Nf3", "1. d4"] * 50)]
    replayed = in_tasks(cached_spark.createDataFrame(games, "id int, pgn string")).select(
        "id", replay_games("pgn").alias("game")
    )
    named = name_openings(table)("game.position_keys", "game.variant").alias("x")
    rows = with_and_without_cache(cached_spark, replayed.select("id", named), bucket)
    expected = [("X01", "King's pawn"), ("X02", "Open"), (None, None)]
    assert sorted((number, tuple(found)) for number, found in rows) == [
        (number, expected[number % 3]) for number in range(150)
    ]


@pytest.mark.slow
def test_the_table_that_comes_with_the_package_names_openings_as_the_replay_does(
    cached_spark: SparkSession, tmp_path: Path
) -> None:
    packaged = ROOT / "lakehouse" / "chess" / "data" / "openings.tsv"
    job = runpy.run_path(str(ROOT / "jobs" / "chess_games.py"))
    games = [(text,) for text in sample_pgn(seed=3, games=60).decode().split("\n\n[Event ") if text]
    replayed = in_tasks(cached_spark.createDataFrame([(f"[Event {g}",) for (g,) in games], "pgn string"))
    frame = replayed.select(replay_games("pgn").alias("game")).select("game.*")
    step = job["named_by"](str(packaged))
    emptied = frame.withColumns({"was": col("eco"), "eco": col("fault"), "opening": col("fault")})
    rows = step.apply(emptied, lambda source: None).select("was", "eco", "opening").collect()
    assert [row.eco for row in rows] == [row.was for row in rows]
    names = {(o.eco, o.name) for o in opening_table().openings.values()}
    assert {(row.eco, row.opening) for row in rows if row.eco} <= names
    assert sum(row.eco is not None for row in rows) > 10
