"""``lakehouse doctor`` tells what is missing, and the exit code says whether that matters."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lakehouse.cli import main


@pytest.fixture
def no_jars(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LAKEHOUSE_CACHE", str(tmp_path / "cache"))
    return tmp_path


def test_what_is_missing_gives_exit_code_1_and_one_line_with_the_way_out(
    no_jars: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", "--warehouse", str(no_jars)]) == 1
    missing = [line for line in capsys.readouterr().out.splitlines() if line.startswith("missing")]
    assert len(missing) == 1
    assert "Delta jars" in missing[0]
    assert "Fix: run 'lakehouse doctor --spark'" in missing[0]


def test_json_has_the_same_findings(no_jars: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json", "--warehouse", str(no_jars)]) == 1
    findings = json.loads(capsys.readouterr().out)
    assert {finding["name"] for finding in findings} >= {"Python", "Java", "Delta jars", "warehouse", "disk"}
    assert all(set(finding) == {"name", "state", "found", "expected", "fix"} for finding in findings)


def test_an_unknown_environment_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--env", "nowhere"]) == 2
    assert "Fix:" in capsys.readouterr().err


def test_no_jvm_is_started_unless_asked_for(tmp_path: Path) -> None:
    # A Java that answers its version and notes every other call: Spark's launcher would be such a call.
    java = tmp_path / "java" / "bin" / "java"
    java.parent.mkdir(parents=True)
    calls = tmp_path / "calls"
    java.write_text(f'#!/bin/sh\necho "$@" >> {calls}\necho \'openjdk version "17.0.1"\' >&2\n')
    java.chmod(0o755)
    subprocess.run(
        [sys.executable, "-c", "from lakehouse.cli import main; main(['doctor'])"],
        env={**os.environ, "JAVA_HOME": str(tmp_path / "java"), "LAKEHOUSE_CACHE": str(tmp_path)},
        check=True,
        timeout=60,
        capture_output=True,
    )
    assert set(calls.read_text().splitlines()) == {"-version"}
