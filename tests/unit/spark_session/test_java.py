"""A Java is found where people have one, and one that is too old is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakehouse.errors import ConfigurationError
from lakehouse.spark_session import JavaNotFoundError, find_java


def fake_java(home: Path, version: str) -> Path:
    """A program that answers like ``java -version``; returns its home."""
    program = home / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2025-04-15' >&2\n")
    program.chmod(0o755)
    return home


def test_java_home_comes_first(tmp_path: Path) -> None:
    home, other = fake_java(tmp_path / "a", "21.0.2"), fake_java(tmp_path / "b", "17.0.1")
    java = find_java({"JAVA_HOME": str(home), "PATH": str(other / "bin"), "HOME": str(tmp_path)})
    assert (java.home, java.version) == (home, 21)


def test_java_on_the_path_is_found_through_its_links(tmp_path: Path) -> None:
    home = fake_java(tmp_path / "real", "17.0.15")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "java").symlink_to(home / "bin" / "java")
    assert find_java({"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path)}).home == home


def test_an_old_java_home_does_not_hide_a_new_java_on_the_path(tmp_path: Path) -> None:
    old, new = fake_java(tmp_path / "old", "11.0.9"), fake_java(tmp_path / "new", "18")
    found = find_java({"JAVA_HOME": str(old), "PATH": str(new / "bin"), "HOME": str(tmp_path)})
    assert found.home == new


def test_a_java_that_install_jdk_brought_is_found(tmp_path: Path) -> None:
    home = fake_java(tmp_path / ".jdk" / "jdk-17.0.9+9-jre", "17.0.9")
    assert find_java({"PATH": str(tmp_path / "none"), "HOME": str(tmp_path)}).home == home


@pytest.mark.parametrize(("version", "named"), [("1.8.0_402", "Java 8 at"), ("11.0.2", "Java 11 at")])
def test_a_java_that_is_too_old_is_named_with_its_place(tmp_path: Path, version: str, named: str) -> None:
    home = fake_java(tmp_path / "old", version)
    with pytest.raises(JavaNotFoundError, match=r"Java 17 or later; found only .* Fix: ") as caught:
        find_java({"JAVA_HOME": str(home), "PATH": "", "HOME": str(tmp_path)})
    assert f"{named} {home}/bin/java" in str(caught.value)


def test_a_machine_without_java_is_told_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigurationError, match=r"found no Java at JAVA_HOME, on PATH .* Fix: run 'make demo'"
    ):
        find_java({"PATH": str(tmp_path), "HOME": str(tmp_path)})


def test_a_runtime_s_release_file_answers_without_a_start(tmp_path: Path) -> None:
    home = fake_java(tmp_path / "a", "11.0.2")
    (home / "release").write_text('IMPLEMENTOR="T"\nJAVA_RUNTIME_VERSION="9"\nJAVA_VERSION="21.0.4"\n')
    assert find_java({"JAVA_HOME": str(home), "PATH": "", "HOME": str(tmp_path)}).version == 21


def test_a_java_that_does_not_start_is_skipped(tmp_path: Path) -> None:
    broken = tmp_path / "broken" / "bin" / "java"
    broken.parent.mkdir(parents=True)
    broken.write_text("not a program")
    broken.chmod(0o755)
    good = fake_java(tmp_path / "good", "17")
    found = find_java(
        {"JAVA_HOME": str(tmp_path / "broken"), "PATH": str(good / "bin"), "HOME": str(tmp_path)}
    )
    assert found.home == good
