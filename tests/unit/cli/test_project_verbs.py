"""Every verb that asks for an environment finds the project's file, from whichever folder inside it is called."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from lakehouse.cli.main import main
from lakehouse.cli.verbs import VERBS
from lakehouse.settings import load_settings

TOML = """\
environment = "test"

[pipelines]
shop = "flows/shop.yaml"

[environments.test]
warehouse = "lake"

[variables]
landing = "data"
"""
SHOP = """\
name: shop
variables: {landing: none}
tables:
  - {name: orders, layer: bronze, flow: {from_files: {pattern: "${landing}/*.csv", columns: [id, day]}}}
"""
WITHOUT_SPARK: dict[str, list[str]] = {
    "batches show": ["orders"],
    "batches drop": ["orders"],
    "convert": ["shop"],
    "doctor": ["--json"],
    "graph": ["shop", "--json"],
    "history": ["--json"],
    "land": ["../data", "orders", "--pipeline", "shop", "--definition", "shop.yaml", "--json"],
    "quarantine show": ["orders"],
    "quarantine release": ["orders"],
    "report": ["shop"],
    "restore": ["orders", "--version", "0"],
    "sample": ["bronze.orders"],
    "session status": ["--json"],
    "session stop": ["--json"],
    "status": [],
    "sql": ["SELECT count(*) AS n FROM bronze.orders", "--format", "json"],
}
"""Verbs that need no Spark, each with arguments that find something in the warehouse below."""
WITH_SPARK = {"plan", "run", "validate", "session start"}
"""Those that do; tests of the verbs call them from a folder inside."""
MAY_ASK_SPARK = {"contract export", "docs", "lineage"}
"""Those that ask Spark where nobody did since the definition changed; they take their arguments as ``report`` does."""
SAID = {
    "batches show": "data/a.csv",
    "batches drop": "no batch of 'orders' waits to be finished",
    "convert": "from_files(",
    "doctor": "/lake can be written",
    "graph": '"declared_in": "flows/shop.yaml:4"',
    "history": '"pipeline": "shop"',
    "land": '"table"',
    "quarantine show": "b.csv: ",
    "quarantine release": "released ",
    "report": "/flows/report.html",
    "restore": "is as it was at version 0",
    "sample": "'id': '1'",
    "session status": '"running": false',
    "session stop": '"stopped": false',
    "status": "/lake yet",
    "sql": '"n":2',
}
"""By verb, what only the project's file leads to."""


def commands(group: dict[str, str], prefix: str = "") -> Iterator[tuple[str, click.Command]]:
    for name, module in group.items():
        command = importlib.import_module(module).command
        if isinstance(command, click.Group):
            for each in command.list_commands(click.Context(command)):
                found = command.get_command(click.Context(command), each)
                assert found is not None
                yield f"{prefix}{name} {each}", found
        else:
            yield f"{prefix}{name}", command


def verbs_with_environment() -> set[str]:
    found = commands({name: verb.module for name, verb in VERBS.items()})
    return {name for name, command in found if any("--env" in each.opts for each in command.params)}


@pytest.fixture
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder inside of a project whose table has one file, and set another aside."""
    (tmp_path / "flows").mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / "lakehouse.toml").write_text(TOML)
    (tmp_path / "flows" / "shop.yaml").write_text(SHOP)
    (tmp_path / "data" / "a.csv").write_text("id,day\n1,x\n2,y\n")
    (tmp_path / "data" / "b.csv").write_text("other\n1\n")
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.chdir(tmp_path)
    assert main(["land", "data", "orders", "--pipeline", "shop", "--definition", "flows/shop.yaml"]) == 0
    assert (tmp_path / "lake" / "bronze" / "orders" / "_delta_log").is_dir()
    monkeypatch.chdir(tmp_path / "flows")
    return tmp_path / "flows"


def test_every_verb_with_an_environment_is_among_those_that_are_called_here() -> None:
    assert verbs_with_environment() | {"convert"} == set(WITHOUT_SPARK) | WITH_SPARK | MAY_ASK_SPARK
    assert set(SAID) == set(WITHOUT_SPARK)


@pytest.mark.parametrize("verb", WITHOUT_SPARK)
def test_a_verb_finds_the_projects_file_from_a_folder_inside(
    inside: Path, verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    main([*verb.split(), *WITHOUT_SPARK[verb]])
    said = capsys.readouterr()
    assert SAID[verb] in said.out + said.err
    assert "unknown environment" not in said.err
    assert not (inside / "lake").exists()


def test_settings_lead_to_the_projects_warehouse_and_a_typed_path_to_where_it_was_typed(
    inside: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert load_settings().warehouse == str(inside.parent / "lake")
    capsys.readouterr()
    assert main(["history", "--warehouse", "lake"]) == 0
    assert capsys.readouterr().out == f"no runs in {inside / 'lake'} yet\n"


def test_a_new_project_is_found_from_a_folder_inside_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.chdir(tmp_path)
    assert main(["init", "my-shop"]) == 0
    monkeypatch.chdir(tmp_path / "my-shop" / "data" / "orders")
    assert main(["graph", "my-shop"]) == 0
    assert "jobs/my_shop.py:" in capsys.readouterr().out


def test_files_are_landed_as_the_projects_pipeline_declares_them(
    inside: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["land", "../data", "orders", "--pipeline", "shop", "--warehouse", "other"]) == 0
    capsys.readouterr()
    assert main(["sql", "SELECT id, day FROM bronze.orders", "--warehouse", "other", "--format", "csv"]) == 0
    assert capsys.readouterr().out == '"id","day"\n"1","x"\n"2","y"\n'
