"""A machine's health: what is missing is said with what was expected and the way out."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from lakehouse.settings import Settings, SparkSettings
from lakehouse.spark_session.factory import delta_packages
from lakehouse.spark_session.health import HealthCheck, examine


def finding(name: str, settings: Settings | None = None, *, jars_folder: Path | None = None) -> HealthCheck:
    findings = {found.name: found for found in examine(settings or Settings(), jars_folder=jars_folder)}
    return findings[name]


def put_jars(folder: Path, *names: str) -> None:
    """Lay out the cache as a resolution leaves it."""
    ivy = folder / delta_packages().replace(":", "_")
    (ivy / "jars").mkdir(parents=True)
    for name in names:
        (ivy / "jars" / name).write_bytes(b"")
    (ivy / "jars.json").write_text(json.dumps(names))


def test_the_versions_expected_are_those_of_the_release() -> None:
    assert (finding("pyspark").found, finding("pyspark").expected) == ("4.2.0", "4.2.0")
    assert (finding("delta-spark").state, finding("delta-spark").expected) == ("fine", "4.4.0")


def test_an_empty_cache_of_jars_is_missing_with_the_way_out(tmp_path: Path) -> None:
    jars = finding("Delta jars", jars_folder=tmp_path)
    assert jars.state == "missing"
    assert jars.expected == "io.delta:delta-spark_4.2_2.13:4.4.0"
    assert "lakehouse doctor --spark" in jars.fix


def test_jars_in_the_cache_are_counted(tmp_path: Path) -> None:
    put_jars(tmp_path, "a.jar", "b.jar")
    assert finding("Delta jars", jars_folder=tmp_path).found == f"2 in {tmp_path}"


def test_a_missing_java_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    java = finding("Java", jars_folder=tmp_path)
    assert (java.state, java.expected) == ("missing", "17 or later")
    assert "set JAVA_HOME" in java.fix


def test_a_connect_client_needs_neither_java_nor_jars() -> None:
    settings = Settings(spark=SparkSettings(remote="sc://h:1"))
    assert not {"Java", "Delta jars"} & {found.name for found in examine(settings)}


def test_nobody_misses_jars_that_no_session_loads(tmp_path: Path) -> None:
    settings = Settings(spark=SparkSettings(delta=False))
    found = {found.name for found in examine(settings, jars_folder=tmp_path)}
    assert "Java" in found
    assert "Delta jars" not in found


def test_a_warehouse_that_does_not_exist_yet_is_fine_where_it_can_be_made(tmp_path: Path) -> None:
    assert finding("warehouse", Settings(warehouse=str(tmp_path / "a" / "b"))).state == "fine"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", ["/proc/self/warehouse", "file/warehouse"])
def test_a_warehouse_that_can_not_be_written_is_named(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("")
    warehouse = finding("warehouse", Settings(warehouse=str(tmp_path / place)))
    assert warehouse.state == "missing"
    assert "can't be written" in warehouse.found
    assert "--warehouse" in warehouse.fix


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_warehouse_is_missing(tmp_path: Path) -> None:
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    assert finding("warehouse", Settings(warehouse=str(tmp_path / "w"))).state == "missing"


def test_a_warehouse_on_an_object_store_is_not_looked_for_on_this_disk() -> None:
    names = {found.name for found in examine(Settings(warehouse="s3a://bucket/warehouse"))}
    assert not {"warehouse", "disk"} & names


def test_an_absent_extra_is_optional(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "lakehouse.spark_session.health._EXTRAS", {"x": (("no_such_module", "json"), "tests")}
    )
    extra = finding("extra 'x'")
    assert (extra.state, extra.found) == ("optional", "without no_such_module")
    assert extra.fix == "pip install 'lakehouse[x]'."
