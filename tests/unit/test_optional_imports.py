"""Imports that may fail: what is missing is named with its extra, and a bug of ours is not hidden."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from lakehouse.errors import MissingDependencyError
from lakehouse.optional_imports import find, is_installed, require


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A module that imports a package which nobody has."""
    (tmp_path / "needs_another.py").write_text("import no_such_package.inside\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    return "needs_another"


def test_a_module_that_is_there_is_returned() -> None:
    assert require("json", extra="x", purpose="This test") is json
    assert find("json") is json


@pytest.mark.parametrize("name", ["no_such_package", "no_such_package.inside"])
def test_a_missing_package_is_named_with_its_extra(name: str) -> None:
    with pytest.raises(MissingDependencyError) as raised:
        require(name, extra="cloud", purpose="Storage on the moon")
    assert str(raised.value) == (
        "Storage on the moon needs the package 'no_such_package', which is not installed. "
        "Fix: pip install 'lakehouse[cloud]'."
    )
    assert find(name) is None


def test_the_package_that_a_module_lacks_is_named_rather_than_the_module(module: str) -> None:
    with pytest.raises(MissingDependencyError, match="'no_such_package'"):
        require(module, extra="cloud", purpose="This test")
    assert find(module) is None


def test_a_module_of_ours_that_is_missing_is_a_bug() -> None:
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        require("lakehouse.no_such_module", extra="fast", purpose="This test")
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        find("lakehouse.no_such_module")


def test_asking_whether_a_package_is_installed_imports_nothing() -> None:
    assert is_installed("pyspark")
    assert not is_installed("no_such_package")
    sys.modules.pop("antigravity", None)
    assert is_installed("antigravity")
    assert "antigravity" not in sys.modules
