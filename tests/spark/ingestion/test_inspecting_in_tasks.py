"""What tasks find in a file is what the driver finds in it, whatever lies there."""

from __future__ import annotations

import bz2
import datetime as dt
import gzip
import logging
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.ingestion import (
    Accepted,
    CsvFormat,
    FileInputs,
    FileTracker,
    Inspection,
    LandedFile,
    LocalLandingZone,
    Rejected,
    SeenFiles,
    StoredLandingZone,
)
from lakehouse.ingestion.inspecting import DriverInspector, Inspector
from lakehouse.ingestion.inspecting.in_tasks import TaskInspector
from lakehouse.storage import MemoryStorageService
from tests.spark.ingestion.csv_texts import made_texts

pytestmark = pytest.mark.spark

FORMAT = CsvFormat(columns=("id", "note"))
NOTHING = SeenFiles(None, ())
BODY = b"id,note\n1,a\n2,b\n"
UGLY = {
    "empty.csv": b"",
    "blank.csv": b"\n\n",
    "header_only.csv": b"id,note\n",
    "missing.csv": b"id,nota\n1,2\n",
    "twice.csv": b"id,note,note\n1,2,3\n",
    "delimiter.csv": b"id;note\n1;2\n",
    "latin.csv": "id,note\né,1\n".encode("latin-1"),
    "utf16.csv": "id,note\n1,2\n".encode("utf-16"),
    "nul.csv": b"id,note\n1\0,2\n",
    "bom.csv": b"\xef\xbb\xbf" + BODY,
    "cr.csv": BODY.replace(b"\n", b"\r"),
    "ragged.csv": b"id,note\n1\n1,2,3\n",
    "quoted.csv": b'id,note\n"1\n0",2\n',
    "stray.csv": b'id,note\n"1" x,2\n',
    "unclosed.csv": b'id,note\n1,"2\n',
    "we[i]rd {name} 100%\u00e9.csv": BODY,
    "two\nlines.csv": BODY,
    "is_gzip.csv": gzip.compress(BODY),
    "is_not.csv.gz": BODY,
    "a.csv.gz": gzip.compress(BODY),
    "members.csv.gz": gzip.compress(BODY) + gzip.compress(b"3,c\n"),
    "padded.csv.gz": gzip.compress(BODY) + bytes(9),
    "torn.csv.gz": gzip.compress(BODY)[:-5],
    "a.csv.bz2": bz2.compress(BODY),
    "a.csv.zip": b"PK\x03\x04\x00",
    "a.csv.7z": BODY,
    "wide.csv": b"id,note," + b",".join(b"n%d" % number for number in range(3_000)) + b"\n",
    "long.csv": b"id,note\n" + b"x" * (3 << 20) + b",1\n",
}


@pytest.fixture(scope="module")
def zone(tmp_path_factory: pytest.TempPathFactory) -> LocalLandingZone:
    folder = tmp_path_factory.mktemp("ugly")
    bodies = UGLY | {f"{number:03}.csv": text.encode() for number, text in enumerate(made_texts())}
    for name, body in bodies.items():
        (folder / name).write_bytes(body)
    return LocalLandingZone(f"{folder}/*")


class _Nobody(Inspector):
    """Is not to be asked."""

    def inspect(self, files: Sequence[LandedFile]) -> Sequence[Inspection | None]:
        raise AssertionError(files)


class _StoreOfThisProcess(MemoryStorageService):
    def uri(self, key: str = "") -> str:
        return f"mine://store/{key}"


def test_tasks_find_in_every_file_what_the_driver_finds(spark: SparkSession, zone: LocalLandingZone) -> None:
    files = zone.files()
    for format_ in (FORMAT, CsvFormat(columns=("id",), encoding="latin-1")):
        on_driver = DriverInspector(zone, format_).inspect(files)
        assert {type(each) for each in on_driver} == {Accepted, Rejected}
        assert TaskInspector(spark, format_, otherwise=_Nobody()).inspect(files) == on_driver


def test_what_a_task_can_not_read_is_what_the_driver_says_of_it(
    spark: SparkSession, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("a.csv", "gone.csv"):
        (tmp_path / name).write_bytes(BODY)
    zone = LocalLandingZone(f"{tmp_path}/*.csv")
    a, gone = zone.files()
    (tmp_path / "gone.csv").unlink()
    (good,) = DriverInspector(zone, FORMAT).inspect([a])
    driver = DriverInspector(zone, FORMAT)
    with caplog.at_level(logging.WARNING):
        assert TaskInspector(spark, FORMAT, otherwise=driver).inspect([gone, a]) == [None, good]
        assert "could not read 1 of 2 files" in caplog.text
    # A store that only this process knows.
    store = _StoreOfThisProcess()
    store.write("in/a.csv", BODY)
    stored = StoredLandingZone(store, "in/*.csv")
    driver = DriverInspector(stored, FORMAT)
    assert TaskInspector(spark, FORMAT, otherwise=driver).inspect(stored.files()) == [good]


def test_many_small_files_are_read_as_they_were_inspected(spark: SparkSession, tmp_path: Path) -> None:
    for number in range(60):
        (tmp_path / f"{number}.csv").write_text(f"note,id,more\nn{number},{number},\n")
    (tmp_path / "odd.csv").write_text('id,note\n"6\n0",x\n')
    (tmp_path / "large.csv").write_text("id,note\n" + "l,y\n" * 30_000)
    zone = LocalLandingZone(f"{tmp_path}/*.csv")
    tracker = FileTracker(zone=zone, file_format=FORMAT, clock=lambda: 4e9, session=lambda: spark)
    inputs = tracker.inspected(tracker.candidates(NOTHING), NOTHING)
    assert inputs is not None
    frame = FORMAT.read(spark, inputs.accepted(), ingested_at=dt.datetime(2024, 1, 1, tzinfo=dt.UTC))
    found = sorted((row["id"], row["note"]) for row in frame.where("id <> 'l'").collect())
    assert found == sorted([*((f"{number}", f"n{number}") for number in range(60)), ("6\n0", "x")])
    assert frame.where("id = 'l' AND note = 'y'").count() == 30_000
    # The few small files of a batch decided before sizes counted, and large ones, are left to Spark's own reader.
    assert frame.rdd.getNumPartitions() < 8


def test_a_large_file_is_inspected_and_read_in_parts(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lakehouse.ingestion.formats.csv_parts._PART_BYTES", 50_000)
    texts = {
        "plain.csv": "id,note\n" + "".join(f"{number},n\n" for number in range(20_000)),
        "quoted.csv": "id,note\n" + "".join(f'"{number}\n","x\n\ny"\n' for number in range(20_000)),
        "torn.csv": "id,note\n" + "1,2\n" * 20_000 + '3,"4\n' + "5,6\n" * 20_000,
        "latin.csv": "id,note\n" + "1,\xe9\n" * 20_000,
    }
    for name, text in texts.items():
        (tmp_path / name).write_bytes(text.encode("latin-1"))
    zone = LocalLandingZone(f"{tmp_path}/*.csv")
    files = zone.files()
    on_driver = DriverInspector(zone, FORMAT).inspect(files)
    in_tasks = TaskInspector(spark, FORMAT, otherwise=_Nobody()).inspect(files)
    quoted = in_tasks[2]
    assert isinstance(quoted, Accepted)
    starts = quoted.facts["row_starts"]
    assert len(starts) > 3
    without_hint = Accepted(digest=quoted.digest, facts={"header": ["id", "note"], "plain": False})
    assert [*in_tasks[:2], without_hint, *in_tasks[3:]] == on_driver
    accepted = {files[2].path: replace(quoted, size_bytes=files[2].size_bytes)}
    now = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
    for found in (accepted, {path: FORMAT.with_care(each) for path, each in accepted.items()}):
        rows = FORMAT.read(spark, found, ingested_at=now).select("id", "note").collect()
        assert sorted(tuple(row) for row in rows) == sorted(
            (f"{number}\n", "x\n\ny") for number in range(20_000)
        )
    assert "row_starts" not in FORMAT.with_care(quoted).facts


def test_a_batch_that_is_read_again_is_inspected_in_tasks_again(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        (tmp_path / f"{number}.csv").write_bytes(BODY + b"3,c\n" * 300_000)
    zone = LocalLandingZone(f"{tmp_path}/*.csv")
    monkeypatch.setattr("lakehouse.ingestion.inspecting.choice._runs_here", lambda _: False)
    monkeypatch.setattr(LocalLandingZone, "open", _no_open)
    tracker = FileTracker(zone=zone, file_format=FORMAT, clock=lambda: 4e9, session=lambda: spark)
    decided = tracker.inspected(tracker.candidates(NOTHING), NOTHING)
    assert decided is not None
    assert tracker.recheck(decided, reading_again=True) == decided
    changed, status = tmp_path / "1.csv", (tmp_path / "1.csv").stat()
    changed.write_bytes(changed.read_bytes().replace(b"2,b", b"2,B"))
    os.utime(changed, ns=(status.st_atime_ns, status.st_mtime_ns))
    found = FileInputs(files=tracker.recheck(decided, reading_again=True).files)
    assert {Path(path).name: each.reason for path, each in found.rejected().items()} == {
        "1.csv": "it changed before its rows were written (size and time are the same)"
    }


def _no_open(zone: LocalLandingZone, file: LandedFile) -> None:
    raise AssertionError(f"the driver opens {file.path}")
