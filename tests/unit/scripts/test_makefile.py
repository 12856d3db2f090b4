"""What make would do: everything on a fresh machine, nothing of it a second time."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SET_UP = ("scripts/ensure-venv", "pip install")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder with what make looks at, as a fresh clone has it."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "requirements").mkdir()
    for lock in ("dev.txt", "docs.txt"):
        shutil.copy(ROOT / "requirements" / lock, tmp_path / "requirements")
    return tmp_path


def planned(clone: Path, target: str) -> str:
    """The commands that make would run."""
    return subprocess.run(
        ["make", "--no-print-directory", "--dry-run", target],
        cwd=clone,
        env={**os.environ, "MAKEFLAGS": ""},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout


def set_up(clone: Path) -> None:
    """Leave the folder as the first run does."""
    (clone / ".venv").mkdir()
    (clone / ".venv" / ".installed").touch()


@pytest.mark.parametrize("target", ["demo", "test", "test-all", "check", "bench", "wheel"])
def test_each_target_is_enough_on_its_own(clone: Path, target: str) -> None:
    plan = planned(clone, target)
    assert all(part in plan for part in SET_UP)
    assert plan.index("ensure-venv") < plan.index("--require-hashes -r requirements/dev.txt")


@pytest.mark.parametrize("target", ["demo", "test", "test-all", "check", "bench", "wheel"])
def test_the_second_run_sets_nothing_up(clone: Path, target: str) -> None:
    set_up(clone)
    assert not any(part in planned(clone, target) for part in SET_UP)


def test_the_site_has_an_environment_of_its_own(clone: Path) -> None:
    plan = planned(clone, "docs").splitlines()
    assert plan[0] == "scripts/ensure-venv python3 .venv-docs"
    assert plan[1].startswith(".venv-docs/bin/python -m pip install")
    assert plan[1].endswith("--require-hashes -r requirements/docs.txt")
    assert plan[-1] == ".venv-docs/bin/zensical build --clean --strict"
    assert not any(".venv/" in line for line in plan)
    (clone / ".venv-docs").mkdir()
    (clone / ".venv-docs" / ".installed").touch()
    assert planned(clone, "docs").splitlines() == [plan[-1]]


def test_another_lock_is_installed(clone: Path) -> None:
    set_up(clone)
    later = (clone / ".venv" / ".installed").stat().st_mtime + 10
    os.utime(clone / "requirements" / "dev.txt", (later, later))
    assert all(part in planned(clone, "test") for part in SET_UP)


def test_the_demo_makes_sure_of_java_and_runs_the_retail_pipeline(clone: Path) -> None:
    set_up(clone)
    assert planned(clone, "demo").splitlines() == [
        "scripts/ensure-java .venv/bin/python",
        ".venv/bin/lakehouse run retail",
    ]


def test_the_tests_include_the_checks(clone: Path) -> None:
    set_up(clone)
    plan = planned(clone, "test").splitlines()
    for check in ("ruff check .", "ruff format --check .", "mypy", "lint-imports"):
        assert f".venv/bin/{check}" in plan
    assert plan[-1] == ".venv/bin/pytest -n 2 --dist loadscope"


def test_help_names_every_target_that_a_person_calls() -> None:
    names = {
        line.split()[0]
        for line in subprocess.check_output(
            ["make", "--no-print-directory", "-C", ROOT], text=True
        ).splitlines()
    }
    assert names >= {"help", "demo", "test", "test-all", "check", "bench", "docs", "wheel", "clean"}
