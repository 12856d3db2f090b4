"""A script of the project that fails is the project's to correct: file, line, and no word of a bug in the library."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakehouse.cli.definitions import load_definition
from lakehouse.cli.errors import BrokenScriptError
from lakehouse.cli.exit_codes import ExitCode, exit_code_of
from lakehouse.pipelines import PipelineNotFoundError


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "jobs").mkdir()
    return tmp_path


def load(project: Path, script: str) -> BrokenScriptError:
    (project / "jobs" / "shop.py").write_text(script)
    with pytest.raises(BrokenScriptError) as broken:
        load_definition("shop")
    assert exit_code_of(broken.value) is ExitCode.WRONG_USE
    return broken.value


def test_an_unknown_name_is_said_with_its_line(project: Path) -> None:
    error = load(project, "import os\n\nfoo(bar)\n")
    assert str(error).startswith("jobs/shop.py:3: NameError: name 'foo' is not defined.")
    assert "Fix: " in str(error)


def test_a_script_that_is_no_python_is_said_with_its_line(project: Path) -> None:
    assert "shop.py:2: SyntaxError" in str(load(project, "x = 1\ndef (\n"))


def test_a_pipeline_that_is_not_known_is_answered_by_those_that_are_each_once(project: Path) -> None:
    for name in ("my_shop", "other"):
        (project / "jobs" / f"{name}.py").write_text("")
    (project / "lakehouse.toml").write_text('[pipelines]\nmy-shop = "jobs/my_shop.py"\n')
    with pytest.raises(PipelineNotFoundError, match=r"Fix: use a name that exists: my-shop, other\.$"):
        load_definition("shop")


def test_an_error_in_a_module_of_the_project_is_said_with_that_modules_line(project: Path) -> None:
    (project / "my_rates.py").write_text("RATES = {}\n\n\ndef rate(name):\n    return RATES[name]\n")
    error = load(project, "from my_rates import rate\n\nrate('EUR')\n")
    assert str(error).startswith("my_rates.py:5: KeyError: 'EUR'.")


def test_a_missing_package_is_said_with_the_line_that_imports_it(project: Path) -> None:
    assert str(load(project, "import no_such_package\n")).startswith("jobs/shop.py:1: ModuleNotFoundError")
