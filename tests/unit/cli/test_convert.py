"""``lakehouse convert`` writes a definition in the other language, and finds out when that says something else."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lakehouse.cli.convert import converted
from lakehouse.cli.definitions import load_definition
from lakehouse.cli.main import main
from lakehouse.pipelines import (
    DeclarativePipelineBuilder,
    DifferentDefinitionError,
    Step,
    YamlPart,
    read,
    word,
)

JOB = """\
from lakehouse import DeclarativePipelineBuilder, read
from shop_steps import double


def half(orders):
    return orders


flow = read("raw").transform(double)
pipeline = (
    DeclarativePipelineBuilder("shop")
    .gold("report", flow.where("units > 1").replace(), comment="all")
    .gold("other", flow.CHANGE.replace())
    .build()
)
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "lakehouse.toml").write_text('[pipelines]\nshop = "flows/shop.py"\n')
    (tmp_path / "flows").mkdir()
    (tmp_path / "shop_steps.py").write_text("def double(orders):\n    return orders\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    return tmp_path


def test_a_definition_goes_to_yaml_and_back_also_from_a_folder_inside(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "flows" / "shop.py").write_text(JOB.replace("CHANGE", "select('id')"))
    monkeypatch.chdir(project / "flows")
    assert main(["convert", "shop", "--output", "new/shop.yaml"]) == 0
    monkeypatch.chdir(project)
    definition = load_definition("shop")
    assert load_definition("shop", file=Path("flows/new/shop.yaml")) == definition
    assert main(["convert", "shop", "--definition", "flows/new/shop.yaml"]) == 0
    printed = capsys.readouterr().out
    (project / "again.py").write_text(printed)
    assert load_definition("shop", file=Path("again.py")) == definition
    assert printed.startswith('"""The pipeline shop."""')


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        (
            "where(lambda: None)",
            "flows/shop.py:9: where(…) of 'other' can't be written in YAML: <lambda> is code. "
            "Fix: write the condition as SQL text.",
        ),
        (
            "transform(half)",
            "flows/shop.py:9: transform(half) of 'other' can't be written in YAML: half is defined in the script "
            "itself, which is not imported. Fix: move it to a module of its own, and import it from there.",
        ),
    ],
)
def test_what_yaml_cannot_say_ends_in_2_with_its_line(
    project: Path, capsys: pytest.CaptureFixture[str], change: str, wrong: str
) -> None:
    script = JOB.replace('flow = read("raw").transform(double)', 'flow = read("raw")').replace(
        "CHANGE", change
    )
    (project / "flows" / "shop.py").write_text(script)
    assert main(["convert", "shop"]) == 2
    line = 1 + script.splitlines().index(next(each for each in script.splitlines() if change in each))
    assert wrong.replace("shop.py:9", f"shop.py:{line}") in capsys.readouterr().err


def test_a_file_that_is_there_is_left_as_it_is(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "flows" / "shop.py").write_text(JOB.replace("CHANGE", "select('id')"))
    (project / "shop.yaml").write_text("mine")
    assert main(["convert", "shop", "--output", "shop.yaml"]) == 2
    assert (project / "shop.yaml").read_text() == "mine"
    assert "'shop.yaml' already exists. Fix: name another file" in capsys.readouterr().err


@word("keeps_its_secret")
@dataclass(frozen=True, slots=True, kw_only=True)
class KeepsItsSecret(Step):
    """A step from outside that reads YAML in its own way, and doesn't say how it writes it."""

    count: int

    @classmethod
    def from_yaml(cls, given: Any, part: YamlPart) -> Step:
        return cls(count=given.count + 1, location=part.location)

    @property
    def label(self) -> str:
        return "keeps_its_secret"

    def apply(self, frame: Any, context: Any) -> Any:
        return frame


def test_what_reads_back_as_something_else_is_refused_with_the_table() -> None:
    flow = read("raw").keeps_its_secret(1).replace()
    definition = DeclarativePipelineBuilder("shop").gold("report", flow).build()
    assert "keeps_its_secret(count=1)" in converted(definition, "python")
    with pytest.raises(
        DifferentDefinitionError, match=r"test_convert\.py:\d+: the table 'report' reads back"
    ):
        converted(definition, "yaml")


def test_a_script_that_is_written_is_formatted_as_the_projects_own_are(project: Path) -> None:
    (project / "flows" / "shop.py").write_text(
        JOB.replace("CHANGE", "select('id', 'a name of some length AS b')")
    )
    (project / "again.py").write_text(converted(load_definition("shop"), "python"))
    subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--line-length", "100", "--check", "again.py"], check=True
    )
