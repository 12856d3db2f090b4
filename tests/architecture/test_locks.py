"""What is installed is locked: every version with its hashes, and nobody's address."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = {name: (ROOT / "requirements" / f"{name}.txt").read_text() for name in ("dev", "docs")}
NODE_LOCK = json.loads((ROOT / "requirements" / "node" / "package-lock.json").read_text())
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def entries(lock: str) -> list[str]:
    """The packages of a lock, each with its version and hashes on one line."""
    return re.split(r"\n(?=\S)", LOCKS[lock].replace("\\\n", ""))


def names(requirements: Iterable[str]) -> set[str]:
    """The packages' names, as every tool spells them."""
    return {re.split(r"[^\w.-]", line)[0].lower().replace("_", "-") for line in requirements}


@pytest.mark.parametrize(("lock", "at_least"), [("dev", 100), ("docs", 20)])
def test_every_python_package_has_a_version_and_hashes(lock: str, at_least: int) -> None:
    assert len(entries(lock)) > at_least
    for entry in entries(lock):
        assert re.match(r"[\w.\[\]-]+==\S+", entry), entry
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), entry


@pytest.mark.parametrize("lock", LOCKS)
def test_a_python_lock_names_no_address(lock: str) -> None:
    assert not re.search(r"https?:|--(extra-)?index-url|--find-links", LOCKS[lock])


def test_every_node_package_has_a_version_and_a_hash_and_no_address() -> None:
    packages = {name: package for name, package in NODE_LOCK["packages"].items() if name}
    assert len(packages) > 100
    for name, package in packages.items():
        assert package["version"], name
        assert package["integrity"].startswith("sha512-"), name
        assert "resolved" not in package, name


@pytest.mark.parametrize("pin", ["pyspark==4.2.0", "delta-spark==4.4.0", "chispa==0.12.0", "pandas==2."])
def test_the_versions_that_are_known_to_work_together_are_the_ones_locked(pin: str) -> None:
    assert any(entry.startswith(pin) for entry in entries("dev")), pin


def test_a_lock_has_all_that_the_project_declares() -> None:
    extras = dict(PROJECT["optional-dependencies"])
    docs = names(extras.pop("docs"))
    declared = names([*PROJECT["dependencies"], *(line for extra in extras.values() for line in extra)])
    assert declared - {"lakehouse"} - names(entries("dev")) == set()
    assert docs - names(entries("docs")) == set()


def test_continuous_integration_runs_the_readme_s_command_alone() -> None:
    lines = (ROOT / ".ci" / "run").read_text().splitlines()
    commands = [line for line in lines if line and not line.startswith(("#", "set ", "cd "))]
    assert commands == ["exec make test"]
    assert "make test" in (ROOT / "README.md").read_text()


def test_pre_commit_has_the_checks_of_make() -> None:
    assert "entry: make check" in (ROOT / ".pre-commit-config.yaml").read_text()
