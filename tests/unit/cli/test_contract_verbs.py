"""Contracts are checked, compared and turned into definitions on the command line, without Spark."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from lakehouse.cli import main
from lakehouse.pipelines import read_yaml_definition

FILE = Path(__file__).parents[1] / "pipelines" / "contracts" / "orders.odcs.yaml"


def test_check_names_rules_and_what_is_left(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["contract", "check", str(FILE), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["orders"]
    assert {"id": "not-too-large", "action": "warn"} in found["rules"]
    assert any("for the engine 'soda'" in each for each in found["not_enforced"])
    assert main(["contract", "check", str(FILE)]) == 0
    assert "status-known" in capsys.readouterr().out


def test_a_file_that_is_no_contract_is_wrong_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text("kind: Model\n")
    assert main(["contract", "check", str(file)]) == 2
    assert f"{file}:1: its kind is 'Model'" in capsys.readouterr().err


def test_diff_ends_with_1_where_a_change_is_breaking(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = yaml.safe_load(FILE.read_text())
    after = tmp_path / "after.odcs.yaml"
    given["schema"][0]["properties"].append({"name": "note", "logicalType": "string"})
    after.write_text(yaml.safe_dump(given))
    assert main(["contract", "diff", str(FILE), str(after)]) == 0
    assert capsys.readouterr().out == "not breaking: orders.note is added\n"
    assert main(["contract", "diff", str(after), str(FILE)]) == 1
    assert capsys.readouterr().out == "breaking: orders.note is removed\n"
    assert main(["contract", "diff", str(FILE), str(FILE)]) == 0
    assert main(["contract", "diff", str(after), str(FILE), "--json"]) == 1


def test_import_prints_a_definition_that_is_held_to_the_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["contract", "import", str(FILE)]) == 0
    file = tmp_path / "shop.yaml"
    file.write_text(capsys.readouterr().out)
    definition = read_yaml_definition(file).resolved()
    assert [table.name for table in definition.tables] == ["orders_raw", "orders"]
    assert definition.tables[1].agreed is not None
