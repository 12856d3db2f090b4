"""The archive of class data: what it is made for, when it is used, and how it comes to be there."""

from __future__ import annotations

import fcntl
import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from lakehouse.spark_session.class_data import ClassDataArchive, ClassDataIdentity, Ready

DAY_SECONDS = 24 * 3600


@pytest.fixture
def identity(tmp_path: Path) -> ClassDataIdentity:
    """A Java, a Spark and a Delta of a few bytes each."""
    java, spark, delta = tmp_path / "java", tmp_path / "spark", tmp_path / "delta.jar"
    (java / "lib" / "server").mkdir(parents=True)
    (java / "lib" / "server" / "libjvm.so").write_bytes(b"17")
    (spark / "jars").mkdir(parents=True)
    (spark / "jars" / "core.jar").write_bytes(b"4.2")
    delta.write_bytes(b"4.4")
    return ClassDataIdentity(java_home=java, spark_home=spark, jars=(delta,))


@pytest.fixture
def archive(tmp_path: Path) -> ClassDataArchive:
    return ClassDataArchive(folder=tmp_path / "class-data", key="k", jars_folder=tmp_path / "jars")


def built(archive: ClassDataArchive, content: bytes = b"classes") -> Path:
    """Build it as the program does, and return where it is."""
    with archive.building() as unfinished:
        assert unfinished is not None
        unfinished.write_bytes(content)
        archive.publish(unfinished)
    return archive.folder / "k.jsa"


def set_back(path: Path, seconds: float) -> None:
    os.utime(path, (time.time() - seconds,) * 2)


def test_the_same_parts_have_the_same_key(identity: ClassDataIdentity) -> None:
    assert identity.key({}) == identity.key({"PATH": "/elsewhere"})


@pytest.mark.parametrize("part", ["java/lib/server/libjvm.so", "spark/jars/core.jar", "delta.jar"])
def test_another_java_spark_or_delta_has_another_key(
    identity: ClassDataIdentity, tmp_path: Path, part: str
) -> None:
    before = identity.key({})
    (tmp_path / part).write_bytes(b"newer")
    assert identity.key({}) != before
    again = identity.key({})
    set_back(tmp_path / part, 10)
    assert identity.key({}) != again, "a JVM compares the dates of jars too"


def test_whatever_else_is_on_the_class_path_is_in_the_key(
    identity: ClassDataIdentity, tmp_path: Path
) -> None:
    keys = {identity.key({})}
    keys.add(identity.key({"SPARK_CONF_DIR": "/etc/spark"}))
    keys.add(identity.key({"HADOOP_CONF_DIR": "/etc/spark"}))
    (tmp_path / "spark" / "jars" / "more.jar").write_bytes(b"")
    keys.add(identity.key({}))
    keys.add(replace(identity, jars=()).key({}))
    assert len(keys) == 5


def test_an_archive_is_absent_until_it_is_built_and_then_mapped(archive: ClassDataArchive) -> None:
    assert archive.state().is_to_be_built
    assert archive.state().java_options == ()
    path = built(archive)
    assert archive.state() == Ready(path=path, size_bytes=7)
    assert f"-XX:SharedArchiveFile={path}" in archive.state().java_options
    assert not archive.state().is_to_be_built


def test_an_archive_is_not_found_before_it_is_published(archive: ClassDataArchive) -> None:
    with archive.building() as unfinished:
        assert unfinished is not None
        unfinished.write_bytes(b"half of the cl")
        assert archive.state().java_options == ()
    assert archive.state().is_to_be_built
    assert [path.name for path in archive.folder.iterdir()] == ["k.lock"]


@pytest.mark.parametrize("damage", ["torn", "replaced", "gone", "record torn", "record of another kind"])
def test_an_archive_that_is_not_as_recorded_is_built_again(archive: ClassDataArchive, damage: str) -> None:
    path = built(archive)
    record = path.with_suffix(".json")
    match damage:
        case "torn":
            modified = path.stat().st_mtime
            os.truncate(path, 3)
            os.utime(path, (modified, modified))
        case "replaced":
            path.write_bytes(b"7 bytes")
        case "gone":
            path.unlink()
        case "record torn":
            os.truncate(record, 5)
        case _:
            record.write_text("[]")
    assert archive.state().java_options == ()
    assert archive.state().is_to_be_built
    assert built(archive).read_bytes() == b"classes"
    assert archive.state().java_options


def test_only_one_of_two_processes_builds(archive: ClassDataArchive) -> None:
    with archive.building() as unfinished:
        assert unfinished is not None
        assert str(archive.state()) == "being built"
        with archive.building() as second:
            assert second is None
    assert archive.state().is_to_be_built


def test_one_that_comes_when_it_is_built_has_no_work(archive: ClassDataArchive) -> None:
    path = built(archive)
    before = path.stat()
    with archive.building() as unfinished:
        assert unfinished is None
    assert path.stat() == before


def test_what_a_killed_build_left_goes_with_the_next(archive: ClassDataArchive) -> None:
    archive.folder.mkdir()
    left = archive.folder / "k.123.unfinished"
    left.write_bytes(b"half")
    built(archive)
    assert not left.exists()


def test_after_a_failure_it_is_left_alone_for_a_day(archive: ClassDataArchive) -> None:
    built(archive)
    archive.give_up("the JVM ended")
    assert str(archive.state()) == "left out for a day: the JVM ended"
    assert archive.state().java_options == ()
    with archive.building() as unfinished:
        assert unfinished is None
    set_back(archive.folder / "k.json", DAY_SECONDS + 1)
    assert archive.state().is_to_be_built


def test_archives_that_nobody_used_for_a_month_go_with_the_next_build(archive: ClassDataArchive) -> None:
    old, used = replace(archive, key="old"), replace(archive, key="used")
    for each in (old, used):
        with each.building() as unfinished:
            assert unfinished is not None
            unfinished.write_bytes(b"classes")
            each.publish(unfinished)
        set_back(archive.folder / f"{each.key}.json", 31 * DAY_SECONDS)
    used.prepare_next_start()
    built(archive)
    assert old.state().is_to_be_built
    assert not (archive.folder / "old.jsa").exists()
    assert used.state().java_options


@pytest.mark.parametrize("place", ["file/class-data", "a:b"])
def test_a_place_that_can_hold_no_archive_hinders_no_start(
    archive: ClassDataArchive, tmp_path: Path, place: str
) -> None:
    (tmp_path / "file").write_text("")
    nowhere = replace(archive, folder=tmp_path / place)
    assert nowhere.state().java_options == ()
    nowhere.prepare_next_start()
    nowhere.give_up("no place")
    assert nowhere.state().java_options == ()


def test_a_lock_that_another_holds_hinders_no_start(archive: ClassDataArchive) -> None:
    built(archive)
    with (archive.folder / "k.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert archive.state().java_options
