"""Writers of ours beside delta-spark's own log store and engine, on one table, at the same time."""

from __future__ import annotations

import os
import random
import statistics
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import deltalake
import msgspec
import pyarrow as pa
import pytest

from lakehouse.delta_log import CommitInfo, Snapshot, TransactionManager
from lakehouse.delta_log.commit import Commit
from lakehouse.delta_log.commit_protocols import AlreadyTaken, HardLinkProtocol, SparkGuard, Visible
from lakehouse.delta_log.errors import (
    ConcurrentAppendException,
    ConcurrentDeleteReadException,
    DeltaConcurrentModificationException,
)
from lakehouse.delta_log.scan import col

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

SCHEMA = pa.schema([("who", pa.string()), ("n", pa.int64())])


class LogStore:
    """The log store that delta-spark uses for ``file:``, called as delta-spark calls it."""

    def __init__(self, spark: SparkSession) -> None:
        self._jvm = spark._jvm
        self._conf = spark._jsc.hadoopConfiguration()
        self._store = self._jvm.io.delta.storage.HDFSLogStore(self._conf)

    def write(self, path: Path, text: str) -> bool:
        lines = self._jvm.java.util.ArrayList()
        lines.add(text)
        try:
            target = self._jvm.org.apache.hadoop.fs.Path(path.as_uri())
            self._store.write(target, lines.iterator(), False, self._conf)
        except Exception as error:
            if "FileAlreadyExists" in str(error) or "FileNotFound" in str(error):
                return False
            raise
        return True


def await_temporary(target: Path, theirs: list[bool]) -> None:
    """Return when the JVM has made its temporary: it is about to look whether the version is free, and to rename."""
    prefix = f".{target.name}."
    while not (
        theirs or target.exists() or any(name.startswith(prefix) for name in os.listdir(target.parent))
    ):
        pass


def renaming_seconds(store: LogStore, folder: Path) -> float:
    """Return the median time that the JVM takes from its temporary to its commit, alone."""
    folder.mkdir()
    times = []
    for number in range(9):
        target = folder / f"{number:020d}.json"
        writer = threading.Thread(target=store.write, args=(target, "{}"))
        writer.start()
        await_temporary(target, [])
        start = time.perf_counter()
        while not target.exists():
            pass
        times.append(time.perf_counter() - start)
        writer.join()
    return statistics.median(times)


def race(spark: SparkSession, folder: Path, *, rounds: int, guarded: bool = True) -> tuple[int, int]:
    """Let both write each version at once; return how many acknowledged commits of ours vanished, and how many
    versions were the JVM's.
    """
    log = folder / "_delta_log"
    log.mkdir()
    store = LogStore(spark)
    longest = renaming_seconds(store, folder / "alone")
    guard = SparkGuard(log) if guarded else None
    protocol = HardLinkProtocol(folder, guard=guard)
    chance = random.Random(7)
    lost = replaced = 0
    for version in range(rounds):
        target = log / f"{version:020d}.json"
        theirs: list[bool] = []
        spark_writer = threading.Thread(target=lambda t=target, r=theirs: r.append(store.write(t, "{}")))
        commit = Commit(actions=[CommitInfo(transaction_id=f"{version}")], transaction_id=f"{version}")
        spark_writer.start()
        await_temporary(target, theirs)
        # Sometimes before it looks, sometimes after its rename, and now and then in between.
        time.sleep(chance.uniform(0, 1.2 * longest))
        ours = protocol.publish(version, commit)
        spark_writer.join()
        is_there = target.read_bytes() == commit.body
        lost += isinstance(ours, Visible) and not is_there
        replaced += isinstance(ours, AlreadyTaken)
        assert is_there or theirs == [True]
    return lost, replaced


def test_no_acknowledged_commit_is_replaced_by_delta_sparks_log_store(
    spark: SparkSession, tmp_path: Path
) -> None:
    lost, replaced = race(spark, tmp_path, rounds=60)
    print(f"60 rounds: {lost} lost, {replaced} left to delta-spark")
    assert lost == 0


@pytest.mark.slow
@pytest.mark.timeout(3_600)
def test_no_acknowledged_commit_is_replaced_in_ten_thousand_rounds(
    spark: SparkSession, tmp_path: Path
) -> None:
    (tmp_path / "guarded").mkdir()
    lost, replaced = race(spark, tmp_path / "guarded", rounds=10_000)
    print(f"10,000 rounds: {lost} lost, {replaced} left to delta-spark")
    assert lost == 0


@pytest.mark.slow
@pytest.mark.timeout(3_600)
def test_without_the_guard_the_race_is_lost_now_and_then(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "unguarded").mkdir()
    lost, _ = race(spark, tmp_path / "unguarded", rounds=10_000, guarded=False)
    print(f"10,000 rounds without the guard: {lost} lost")
    assert lost > 0


def txn_ids(table: Path) -> list[str | None]:
    """The transaction id of each version, parsed without our own reader."""
    ids = []
    for file in sorted((table / "_delta_log").glob("0*.json")):
        lines = [msgspec.json.decode(line) for line in file.read_bytes().splitlines()]
        ids.append(next((line["commitInfo"].get("txnId") for line in lines if "commitInfo" in line), None))
    return ids


def three_engines(spark: SparkSession, table: Path, *, seconds: float) -> dict[str, tuple[int, int]]:
    """Append with all engines for a while; return what each acknowledged and what of it is there."""
    with TransactionManager().transaction(table) as transaction:
        transaction.create(SCHEMA)
    end = time.monotonic() + seconds
    acknowledged: dict[str, set[int]] = {}
    versions: dict[str, int] = {}

    def ours(who: str) -> Callable[[int], None]:
        manager = TransactionManager()

        def append(n: int) -> None:
            transaction = manager.start_transaction(table)
            transaction.append(pa.table({"who": [who], "n": [n]}))
            versions[transaction.transaction_id] = manager.commit_transaction(transaction)

        return append

    def rust(n: int) -> None:
        deltalake.write_deltalake(str(table), pa.table({"who": ["delta-rs"], "n": [n]}), mode="append")

    def jvm(n: int) -> None:
        spark.sql(f"INSERT INTO delta.`{table}` VALUES ('delta-spark', {n})")

    def work(who: str, append: Callable[[int], Any]) -> None:
        mine = acknowledged.setdefault(who, set())
        n = 0
        while time.monotonic() < end:
            try:
                append(n)
                mine.add(n)
            except Exception:
                assert not who.startswith("ours"), who
            n += 1
            # Delta-spark looks at each commit that won against it; it must be able to keep up.
            time.sleep(0.1 if who.startswith("ours") else 0)

    writers = {"ours-1": ours("ours-1"), "ours-2": ours("ours-2"), "delta-rs": rust, "delta-spark": jvm}
    threads = [threading.Thread(target=work, args=item) for item in writers.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    read = deltalake.DeltaTable(table).to_pyarrow_table().to_pylist()
    there = {who: {row["n"] for row in read if row["who"] == who} for who in writers}
    logged = txn_ids(table)
    for transaction_id, version in versions.items():
        assert logged[version] == transaction_id
    assert len(read) == len({(row["who"], row["n"]) for row in read})
    return {who: (len(acknowledged[who]), len(acknowledged[who] & there[who])) for who in writers}


def check(result: dict[str, tuple[int, int]]) -> None:
    print(result)
    for who in ("ours-1", "ours-2"):
        acknowledged, there = result[who]
        assert acknowledged == there > 0


@pytest.mark.slow
def test_three_engines_append_at_once_and_ours_lose_nothing(spark: SparkSession, warehouse: Path) -> None:
    check(three_engines(spark, warehouse / "shared", seconds=6))


@pytest.mark.slow
@pytest.mark.timeout(3_600)
def test_three_engines_append_for_minutes_and_ours_lose_nothing(spark: SparkSession, warehouse: Path) -> None:
    check(three_engines(spark, warehouse / "shared", seconds=180))


# ---- the conflict rules, asked of delta-spark itself ----


@pytest.fixture
def partitioned(warehouse: Path) -> Path:
    """Two partitions with a file each: n = 1, 2 of ``a`` and n = 3, 4 of ``b``."""
    table = warehouse / "partitioned"
    with TransactionManager().transaction(table) as transaction:
        transaction.create(SCHEMA, partition_by=["who"])
        transaction.append(pa.table({"who": ["a", "a", "b", "b"], "n": [1, 2, 3, 4]}))
    return table


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("INSERT INTO {} VALUES ('a', 9)", None),
        ("INSERT INTO {} VALUES ('b', 9)", None),
        ("INSERT INTO {0} SELECT who, n + 10 FROM {0} WHERE who = 'a'", ConcurrentAppendException),
        ("DELETE FROM {} WHERE who = 'b'", None),
        ("DELETE FROM {} WHERE who = 'a'", ConcurrentDeleteReadException),
        ("UPDATE {} SET n = 7 WHERE who = 'a' AND n = 1", ConcurrentAppendException),
        ("OPTIMIZE {}", None),
        ("ALTER TABLE {} ADD COLUMN more INT", DeltaConcurrentModificationException),
        ("ALTER TABLE {} SET TBLPROPERTIES ('team' = 'sales')", DeltaConcurrentModificationException),
    ],
)
def test_a_delete_of_ours_meets_what_delta_spark_committed(
    spark: SparkSession, partitioned: Path, statement: str, error: type[Exception] | None
) -> None:
    manager = TransactionManager()
    late = manager.start_transaction(partitioned)
    late.delete((col("who") == "a") & (col("n") == 2))
    spark.sql(statement.format(f"delta.`{partitioned}`"))
    if error is None:
        manager.commit_transaction(late)
        assert 2 not in Snapshot.load(partitioned).to_arrow()["n"].to_pylist()
    else:
        with pytest.raises(error):
            manager.commit_transaction(late)
