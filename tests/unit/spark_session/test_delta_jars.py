"""Jars are resolved once, by one process at a time, and a resolution counts only when it is whole."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lakehouse.spark_session import DeltaJars, DeltaJarsError
from lakehouse.spark_session.delta_jars import IVY_SETTINGS, default_jars_folder

PACKAGES = "io.delta:delta-spark_4.2_2.13:4.4.0"

RESOLVER = """#!/bin/sh
echo "$@" >> "{calls}"
while [ $# -gt 0 ]; do case "$2" in spark.jars.ivy=*) ivy="${{2#spark.jars.ivy=}}";; esac; shift; done
mkdir -p "$ivy/jars"
echo one > "$ivy/jars/one.jar"
sleep {seconds}
{then}
echo two > "$ivy/jars/two.jar"
"""


def jars_with(tmp_path: Path, *, seconds: float = 0, then: str = "") -> DeltaJars:
    """Jars whose launcher is a script that counts its calls and makes two files, ``then`` between them."""
    launcher = tmp_path / "spark" / "bin" / "spark-submit"
    launcher.parent.mkdir(parents=True, exist_ok=True)
    launcher.write_text(RESOLVER.format(calls=tmp_path / "calls", seconds=seconds, then=then))
    launcher.chmod(0o755)
    return DeltaJars(packages=PACKAGES, folder=tmp_path / "jars", spark_home=tmp_path / "spark")


def calls(tmp_path: Path) -> list[str]:
    return (tmp_path / "calls").read_text().splitlines()


def test_the_second_time_nothing_is_looked_up(tmp_path: Path) -> None:
    jars = jars_with(tmp_path)
    first = jars.paths()
    assert [path.name for path in first] == ["one.jar", "two.jar"]
    assert jars.paths() == first == jars.cached()
    assert len(calls(tmp_path)) == 1


def test_two_first_starts_at_once_download_once(tmp_path: Path) -> None:
    jars = jars_with(tmp_path, seconds=0.3)
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: jars.paths(), range(4)))
    assert {tuple(path.name for path in answer) for answer in answers} == {("one.jar", "two.jar")}
    assert len(calls(tmp_path)) == 1


def test_a_download_that_was_killed_half_way_is_repeated(tmp_path: Path) -> None:
    with pytest.raises(DeltaJarsError):
        jars_with(tmp_path, then="kill -9 $$").paths()
    assert jars_with(tmp_path).cached() == ()
    assert [path.name for path in jars_with(tmp_path).paths()] == ["one.jar", "two.jar"]


def test_a_missing_jar_is_downloaded_again(tmp_path: Path) -> None:
    jars = jars_with(tmp_path)
    jars.paths()[0].unlink()
    assert jars.cached() == ()
    assert all(path.exists() for path in jars.paths())
    assert len(calls(tmp_path)) == 2


def test_the_resolver_s_own_words_come_with_the_way_out(tmp_path: Path) -> None:
    refusal = "echo 'java.lang.RuntimeException: [unresolved dependency: io.delta]' >&2; exit 1"
    with pytest.raises(DeltaJarsError, match=r"unresolved dependency: io\.delta.* Fix: ") as caught:
        jars_with(tmp_path, then=refusal).paths()
    assert repr(PACKAGES) in str(caught.value)


def test_a_folder_that_can_t_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    jars = DeltaJars(packages=PACKAGES, folder=tmp_path / "file", spark_home=tmp_path)
    with pytest.raises(DeltaJarsError, match=str(tmp_path / "file")):
        jars.paths()


def test_the_resolver_gets_our_settings_and_not_the_local_maven_repository(tmp_path: Path) -> None:
    jars_with(tmp_path).paths()
    assert f"spark.jars.ivySettings={IVY_SETTINGS}" in calls(tmp_path)[0]
    assert "m2compatible" in IVY_SETTINGS.read_text()
    assert ".m2" not in IVY_SETTINGS.read_text()


def test_a_mirror_is_taken_in_place_of_the_central_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEFAULT_ARTIFACT_REPOSITORY", "file:///mirror?a=1&b=2")
    jars_with(tmp_path).paths()
    settings = calls(tmp_path)[0].split("spark.jars.ivySettings=")[1].split(" ")[0]
    assert 'root="file:///mirror?a=1&amp;b=2"' in Path(settings).read_text()


@pytest.mark.parametrize(
    ("variables", "folder"),
    [
        ({"LAKEHOUSE_CACHE": "/c", "XDG_CACHE_HOME": "/x"}, "/c/jars"),
        ({"XDG_CACHE_HOME": "/x", "HOME": "/h"}, "/x/lakehouse/jars"),
        ({"HOME": "/h"}, "/h/.cache/lakehouse/jars"),
    ],
)
def test_the_folder_follows_the_user_s_choice(variables: dict[str, str], folder: str) -> None:
    assert default_jars_folder(variables) == Path(folder)
