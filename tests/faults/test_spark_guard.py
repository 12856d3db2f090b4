"""A commit of ours is kept beside a log store that checks and then renames, as delta-spark's does on a local disk."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path

import pytest

from lakehouse.delta_log import CommitInfo
from lakehouse.delta_log.commit import Commit
from lakehouse.delta_log.commit_protocols import (
    AlreadyTaken,
    HardLinkProtocol,
    RenameProtocol,
    SparkGuard,
    Visible,
)
from lakehouse.delta_log.commit_protocols.foreign_temporaries import ForeignTemporaries, ScannedTemporaries
from lakehouse.delta_log.commit_protocols.inotify import NotifiedTemporaries, sees_all_changes

WATCHES = {"scan": ScannedTemporaries, "inotify": NotifiedTemporaries}


@pytest.fixture(params=WATCHES)
def watch(request: pytest.FixtureRequest, log: Path) -> ForeignTemporaries:
    if request.param == "inotify" and not sees_all_changes(log):
        pytest.skip("this file system does not notify of all changes")
    return WATCHES[request.param](log)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    folder = tmp_path / "_delta_log"
    folder.mkdir()
    return folder


def commit(name: str) -> Commit:
    return Commit(actions=[CommitInfo(transaction_id=name)], transaction_id=name)


def temporary(log: Path, version: int) -> Path:
    """What delta-spark's HadoopFileSystemLogStore calls a commit that it is writing."""
    path = log / f".{version:020d}.json.{uuid.uuid4()}.tmp"
    path.write_text("{}")
    return path


def final(log: Path, version: int) -> Path:
    return log / f"{version:020d}.json"


def test_a_commit_without_a_threat_is_published_at_once(log: Path, watch: ForeignTemporaries) -> None:
    protocol = HardLinkProtocol(log.parent, guard=SparkGuard(log, temporaries=watch))
    assert protocol.publish(0, commit("ours")) == Visible(version=0)


def test_temporaries_of_other_versions_and_other_files_are_ignored(
    log: Path, watch: ForeignTemporaries
) -> None:
    temporary(log, 3)
    for name in (f"..{4:020d}.json.x.tmp.crc", f".{4:020d}.checkpoint.parquet.x.tmp", ".lakehouse-tmp-4"):
        (log / name).touch()
    guard = SparkGuard(log, temporaries=watch, patience_seconds=60)
    assert HardLinkProtocol(log.parent, guard=guard).publish(4, commit("ours")) == Visible(version=4)


@pytest.mark.parametrize("kind", [HardLinkProtocol, RenameProtocol])
def test_a_rename_over_our_commit_is_noticed(
    log: Path, watch: ForeignTemporaries, kind: type[HardLinkProtocol]
) -> None:
    theirs = temporary(log, 0)

    def finish() -> None:
        while not final(log, 0).exists():
            time.sleep(0.001)
        time.sleep(0.05)
        theirs.rename(final(log, 0))

    spark = threading.Thread(target=finish)
    spark.start()
    outcome = kind(log.parent, guard=SparkGuard(log, temporaries=watch)).publish(0, commit("ours"))
    spark.join()
    assert outcome == AlreadyTaken(version=0)
    assert final(log, 0).read_text() == "{}"


def test_a_writer_that_gave_up_lets_our_commit_stay(log: Path, watch: ForeignTemporaries) -> None:
    theirs = temporary(log, 0)
    spark = threading.Timer(0.05, theirs.unlink)
    spark.start()
    protocol = HardLinkProtocol(log.parent, guard=SparkGuard(log, temporaries=watch))
    assert protocol.publish(0, commit("ours")) == Visible(version=0)
    spark.join()


def test_a_writer_that_stalls_too_long_can_not_replace_our_commit_any_more(
    log: Path, watch: ForeignTemporaries
) -> None:
    theirs = temporary(log, 0)
    guard = SparkGuard(log, temporaries=watch, patience_seconds=0.1)
    assert HardLinkProtocol(log.parent, guard=guard).publish(0, commit("ours")) == Visible(version=0)
    with pytest.raises(FileNotFoundError):
        theirs.rename(final(log, 0))
    assert final(log, 0).read_bytes() == commit("ours").body


def test_a_commit_that_may_be_replaced_is_not_built_upon(log: Path, watch: ForeignTemporaries) -> None:
    final(log, 0).write_bytes(commit("another process of ours").body)
    theirs = temporary(log, 0)
    spark = threading.Timer(0.1, theirs.rename, args=(final(log, 0),))
    spark.start()
    protocol = HardLinkProtocol(log.parent, guard=SparkGuard(log, temporaries=watch))
    assert list(protocol.read_from(0)) == [b"{}"]
    spark.join()


def test_a_guard_that_can_not_watch_a_folder_that_was_put_back_looks_for_itself(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not sees_all_changes(log):
        pytest.skip("this file system does not notify of all changes")
    protocol = HardLinkProtocol(log.parent, guard=SparkGuard(log, patience_seconds=0))
    assert protocol.publish(0, commit("before")) == Visible(version=0)
    shutil.rmtree(log)
    log.mkdir()

    def none_left(self: NotifiedTemporaries) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(NotifiedTemporaries, "_begin", none_left)
    threat = temporary(log, 0)
    assert protocol.publish(0, commit("ours")) == Visible(version=0)
    assert not threat.exists()


def test_a_forked_child_does_not_take_its_parents_notifications(log: Path) -> None:
    if not sees_all_changes(log):
        pytest.skip("this file system does not notify of all changes")
    watch = NotifiedTemporaries(log)
    name = temporary(log, 0).name
    child = os.fork()
    if child == 0:
        os._exit(0 if name in watch.seen(0) else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert name in watch.seen(0)


@pytest.mark.slow
def test_more_files_than_the_queue_holds_are_all_seen(log: Path) -> None:
    if not sees_all_changes(log):
        pytest.skip("this file system does not notify of all changes")
    watch = NotifiedTemporaries(log)
    names = {temporary(log, 7).name}
    for number in range(17_000):
        (log / f"{number}").touch()
        (log / f"{number}").unlink()
    names.add(temporary(log, 8).name)
    assert watch.seen(0) == names


# ---- the race ----

IMITATION = Path(__file__).parent / "imitated_spark.py"


def race(folder: Path, *, rounds: int, patience_seconds: float = 10.0) -> tuple[int, int]:
    """Let both write each version at the same time; return how many of ours were lost, and noticed as lost."""
    log = folder / "_delta_log"
    log.mkdir(exist_ok=True)
    protocol = HardLinkProtocol(folder, guard=SparkGuard(log, patience_seconds=patience_seconds))
    lost = replaced = 0
    spark = subprocess.Popen(
        [sys.executable, str(IMITATION), str(log), str(rounds)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert spark.stdin is not None
    assert spark.stdout is not None
    for version in range(rounds):
        spark.stdin.write(b"go\n")
        spark.stdin.flush()
        for _ in range((version * 7) % 60):
            os.path.exists(folder)  # so that the two meet at ever other moments
        ours = protocol.publish(version, commit(f"ours-{version}"))
        theirs = spark.stdout.readline().strip() == b"committed"
        there = final(log, version).read_bytes() == commit(f"ours-{version}").body
        lost += isinstance(ours, Visible) and not there
        replaced += isinstance(ours, AlreadyTaken) and theirs
        assert isinstance(ours, Visible) or theirs
    spark.communicate(timeout=60)
    return lost, replaced


def test_no_commit_is_lost_in_a_race_with_an_imitation(tmp_path: Path) -> None:
    lost, _ = race(tmp_path, rounds=300)
    assert lost == 0


@pytest.mark.slow
@pytest.mark.timeout(1_800)
def test_no_commit_is_lost_in_ten_thousand_races_with_an_imitation(tmp_path: Path) -> None:
    lost, replaced = race(tmp_path, rounds=10_000)
    print(f"10,000 rounds: {lost} lost, {replaced} taken or replaced by the other writer")
    assert lost == 0
    assert replaced > 0
