"""A live file stays, however the log spells its path; where that can't be told, nothing is deleted."""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import deltalake
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyroaring import BitMap64

from lakehouse.delta_log import Snapshot, TransactionManager, UnmappablePathError, vacuum
from lakehouse.storage import LocalStorageService, MemoryStorageService
from tests.unit.delta_log.hand_written_logs import PROTOCOL, add, metadata, write_log


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Reached as ``link`` and as ``real``; with an orphan that is old enough to go."""
    real = tmp_path / "real"
    (real / "a").mkdir(parents=True)
    pq.write_table(pa.table({"x": [1, 2, 3]}), real / "a" / "f.parquet")
    (real / "orphan.parquet").write_bytes(b"x")
    (tmp_path / "link").symlink_to(real)
    make_old(real)
    return real


def make_old(real: Path) -> None:
    for path in real.rglob("*"):
        os.utime(path, (1, 1))


def log_of(table: Path, path: str, **changed: object) -> None:
    size = (table / "a" / "f.parquet").stat().st_size
    write_log(table, [PROTOCOL, metadata(), add(path, size=size, **changed)])


SPELLINGS: dict[str, Callable[[Path], str]] = {
    "plain": lambda real: "a/f.parquet",
    "dot": lambda real: "./a/f.parquet",
    "up and down": lambda real: "b/../a/f.parquet",
    "two slashes": lambda real: "a//f.parquet",
    "by its parent": lambda real: f"../{real.name}/a/f.parquet",
    "absolute": lambda real: f"{real}/a/f.parquet",
    "file:": lambda real: f"file:{real}/a/f.parquet",
    "file:///": lambda real: f"file://{real}/a/f.parquet",
    "localhost": lambda real: f"file://localhost{real}/a/f.parquet",
    "absolute, up and down": lambda real: f"file://{real}/b/../a/./f.parquet",
    "absolute, two slashes": lambda real: f"file://{real}//a//f.parquet",
    "escaped": lambda real: f"file://{real}/%61/f.parquet",
}


@pytest.mark.parametrize("opened_as", ["real", "link"])
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_live_file_is_read_and_survives_vacuum_in_every_spelling(
    table: Path, opened_as: str, spelling: str
) -> None:
    log_of(table, SPELLINGS[spelling](table))
    storage = LocalStorageService(table.parent / opened_as)
    assert Snapshot.load(storage.path()).to_arrow()["x"].to_pylist() == [1, 2, 3]
    assert list(vacuum(storage, dry_run=False).keys) == ["orphan.parquet"]
    assert (table / "a" / "f.parquet").exists()


def test_a_file_behind_a_live_link_survives(table: Path) -> None:
    (table / "a" / "f.parquet").rename(table / "moved.parquet")
    (table / "a" / "f.parquet").symlink_to(table / "moved.parquet")
    log_of(table, "a/f.parquet")
    assert list(vacuum(LocalStorageService(table), dry_run=False).keys) == ["orphan.parquet"]
    assert (table / "moved.parquet").exists()


def test_a_deletion_vector_of_an_absolute_path_survives_behind_a_link(table: Path) -> None:
    bitmap = struct.pack("<i", 1681511377) + BitMap64([1]).serialize()
    body = b"\1" + struct.pack(">i", len(bitmap)) + bitmap + struct.pack(">I", zlib.crc32(bitmap))
    (table / "deleted.bin").write_bytes(body)
    make_old(table)
    vector = {
        "storageType": "p",
        "pathOrInlineDv": f"file://localhost{table}/deleted.bin",
        "offset": 1,
        "sizeInBytes": len(bitmap),
        "cardinality": 1,
    }
    features = {"minReaderVersion": 3, "minWriterVersion": 7}
    listed = {"readerFeatures": ["deletionVectors"], "writerFeatures": ["deletionVectors"]}
    size = (table / "a" / "f.parquet").stat().st_size
    file = add("a/f.parquet", size=size, deletionVector=vector)
    write_log(table, [{"protocol": {**features, **listed}}, metadata(), file])
    storage = LocalStorageService(table.parent / "link")
    assert Snapshot.load(storage.path()).to_arrow()["x"].to_pylist() == [1, 3]
    assert list(vacuum(storage, dry_run=False).keys) == ["orphan.parquet"]
    assert (table / "deleted.bin").exists()


@pytest.mark.parametrize("path", ["dbfs:/lake/a/f.parquet", "s3://b/a/f.parquet", "/gone/a/f.parquet"])
def test_a_live_path_that_leads_nowhere_stops_vacuum(table: Path, path: str) -> None:
    log_of(table, path)
    with pytest.raises(UnmappablePathError, match=r"Nothing was deleted\. Fix: ") as caught:
        vacuum(LocalStorageService(table), dry_run=False)
    assert caught.value.path == path
    assert (table / "a" / "f.parquet").exists()
    assert (table / "orphan.parquet").exists()


class Bucket(MemoryStorageService):
    """Calls itself an S3 prefix."""

    def uri(self, key: str = "") -> str:
        return f"s3a://bucket/t/{key}".rstrip("/")


@pytest.mark.parametrize("scheme", ["s3", "s3a", "s3n", "S3"])
def test_the_schemes_of_s3_name_one_live_file(table: Path, scheme: str) -> None:
    log_of(table, f"{scheme}://bucket/t/a/f.parquet")
    bucket = Bucket()
    for path in table.rglob("*"):
        if path.is_file():
            bucket.write(str(path.relative_to(table)), path.read_bytes())
    snapshot = Snapshot.load(bucket.uri(), storage=bucket)
    assert snapshot.to_arrow()["x"].to_pylist() == [1, 2, 3]
    found = vacuum(bucket, retention_hours=0, allow_short_retention=True, now_ms=2**42)
    assert list(found.keys) == ["orphan.parquet"]


@pytest.mark.parametrize("path", ["dbfs:/t/a/f.parquet", "/t/a/f.parquet", "file:///t/a/f.parquet"])
def test_a_live_path_of_another_store_stops_vacuum_in_a_bucket(table: Path, path: str) -> None:
    log_of(table, path)
    bucket = Bucket()
    for each in table.rglob("*"):
        if each.is_file():
            bucket.write(str(each.relative_to(table)), each.read_bytes())
    with pytest.raises(UnmappablePathError):
        vacuum(bucket, retention_hours=0, allow_short_retention=True, now_ms=2**42, dry_run=False)
    assert {"a/f.parquet", "orphan.parquet"} <= {stat.key for stat in bucket.list()}


def test_odd_names_go_and_one_that_cannot_go_keeps_no_other(table: Path) -> None:
    log_of(table, "a/f.parquet")
    undecodable = os.fsencode(table) + b"/\xff.parquet"
    for path in (table / "c=Acme Inc." / "x.parquet", table / "tab\there.parquet", undecodable):
        Path(os.fsdecode(path)).parent.mkdir(exist_ok=True)
        Path(os.fsdecode(path)).write_bytes(b"x")
    make_old(table)
    done = vacuum(LocalStorageService(table), dry_run=False)
    assert sorted(done.keys) == ["c=Acme Inc./x.parquet", "orphan.parquet", "tab\there.parquet"]
    [(key, reason)] = done.failed.items()
    assert os.fsencode(key) == b"\xff.parquet"
    assert "Fix: " in reason
    assert sorted(path.name for path in table.rglob("*.parquet")) == ["f.parquet", "\udcff.parquet"]


def test_a_table_whose_parts_are_links_to_another_disk_is_read_and_written(tmp_path: Path) -> None:
    path, disk = tmp_path / "t", tmp_path / "disk"
    disk.mkdir()
    for number in (1, 2):
        with TransactionManager().transaction(path) as transaction:
            transaction.append(pa.table({"x": [number]}))
    for moved in ("_delta_log", next(path.glob("*.parquet")).name):
        (path / moved).rename(disk / moved)
        (path / moved).symlink_to(disk / moved)
    with TransactionManager().transaction(path) as transaction:
        transaction.append(pa.table({"x": [3]}))
    assert sorted(Snapshot.load(path).to_arrow()["x"].to_pylist()) == [1, 2, 3]
    assert sorted(deltalake.DeltaTable(path).to_pyarrow_table()["x"].to_pylist()) == [1, 2, 3]
    assert (disk / "_delta_log" / f"{2:020d}.json").exists()


def test_partition_folders_of_others_are_read(tmp_path: Path) -> None:
    values = ["Acme Inc.", "x" * 230, "tab\there", "a//b", "..", "new\nline"]
    deltalake.write_deltalake(tmp_path, pa.table({"c": values, "x": range(6)}), partition_by=["c"])
    assert sorted(Snapshot.load(tmp_path).to_arrow()["c"].to_pylist()) == sorted(values)
