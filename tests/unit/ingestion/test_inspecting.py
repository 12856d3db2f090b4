"""The driver inspects little itself, and asks for a session only when there is more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lakehouse.ingestion import (
    Accepted,
    CsvFormat,
    FileFormat,
    FileTracker,
    LandingZone,
    LocalLandingZone,
    SeenFiles,
    StoredLandingZone,
)
from lakehouse.ingestion.inspecting import ChoosingInspector
from lakehouse.storage import MemoryStorageService

FORMAT = CsvFormat(columns=("id",))
NOTHING = SeenFiles(None, ())


class AskedForSessionError(Exception):
    """Tasks are wanted."""


class _OfMaster:
    """A session of which only the master is known."""

    def __init__(self, master: str) -> None:
        self.conf = {"spark.master": master}

    def createDataFrame(self, *given: Any) -> None:
        raise AskedForSessionError


def inspector(zone: LandingZone, format_: FileFormat = FORMAT, *, master: str = "spark://h:7077") -> Any:
    return ChoosingInspector(zone, format_, session=lambda: _OfMaster(master))


def needs_tasks(zone: LandingZone, **options: Any) -> bool:
    try:
        found = inspector(zone, **options).inspect(zone.files())
    except AskedForSessionError:
        return True
    assert all(isinstance(each, Accepted) for each in found)
    return False


@pytest.mark.parametrize(
    ("files", "size_bytes", "on_cluster", "in_this_process"),
    [(1, 1_000, False, False), (1, 500_000, False, False), (300, 10, True, False), (1, 2 << 20, True, False)],
)
def test_on_a_disk_the_driver_looks_at_little_and_at_more_where_tasks_would_run_beside_it(
    tmp_path: Path, files: int, size_bytes: int, on_cluster: bool, in_this_process: bool
) -> None:
    for number in range(files):
        (tmp_path / f"{number}.csv").write_bytes(b"id\n" + b"1\n" * (size_bytes // 2))
    zone = LocalLandingZone(f"{tmp_path}/*.csv")
    assert needs_tasks(zone) is on_cluster
    assert needs_tasks(zone, master="local[2]") is in_this_process
    assert needs_tasks(zone, master="local-cluster[2,1,1024]") is on_cluster


def test_on_a_disk_of_one_machine_much_needs_tasks_too(tmp_path: Path) -> None:
    with (tmp_path / "a.csv").open("wb") as file:
        file.truncate(40 << 20)
    assert needs_tasks(LocalLandingZone(f"{tmp_path}/*.csv"), master="local[2]")


@pytest.mark.parametrize(("size_bytes", "expected"), [(60_000, False), (66_000, True)])
def test_of_a_store_the_driver_reads_no_file_of_more_than_64_kib(size_bytes: int, expected: bool) -> None:
    store = _CountingStore()
    store.write("in/a.csv", b"id\n" + b"1\n" * (size_bytes // 2))
    for master in ("local[2]", "spark://h:7077"):
        assert needs_tasks(StoredLandingZone(store, "in/*.csv"), master=master) is expected


def test_a_format_that_does_not_travel_is_inspected_by_the_driver(tmp_path: Path) -> None:
    class Own(CsvFormat):
        inspected_in_tasks = False

    (tmp_path / "a.csv").write_bytes(b"id\n" + b"1\n" * (2 << 20))
    assert not needs_tasks(LocalLandingZone(f"{tmp_path}/*.csv"), format_=Own(columns=("id",)))


class _CountingStore(MemoryStorageService):
    """Counts the bytes that are asked for."""

    asked_bytes = 0

    def uri(self, key: str = "") -> str:
        return f"mine://store/{key}"

    def read_range(self, key: str, start: int, length: int) -> bytes:
        self.asked_bytes += length
        return super().read_range(key, start, length)

    def stream(self, key: str, **options: Any) -> Any:
        self.asked_bytes += self.stat(key).size_bytes
        return super().stream(key, **options)


def test_one_byte_of_a_file_tells_before_a_batch_is_read_whether_it_opens() -> None:
    store = _CountingStore()
    for name in ("a", "b"):
        store.write(f"in/{name}.csv", b"id\n1\n")
    tracker = FileTracker(zone=StoredLandingZone(store, "in/*.csv"), file_format=FORMAT)
    decided = tracker.inspected(tracker.candidates(NOTHING), NOTHING)
    assert decided is not None
    assert store.asked_bytes == 2 * len(b"id\n1\n")
    assert tracker.recheck(decided, reading_again=False) == decided
    assert store.asked_bytes == 2 * len(b"id\n1\n") + 2
