"""What is exported passes the linter of the standard's users and its parser, both in an environment of their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from lakehouse.pipelines import contract_text, exported_contract
from tests.unit.pipelines.contracts.test_exporting_contracts import FILE, SCHEMA, table

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

PARSE = "import sys; from open_data_contract_standard.model import OpenDataContractStandard as Model;"
PARSE += "print([each.name for each in Model.from_file(sys.argv[1]).schema_])"


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the programs ``datacontract`` and ``python``, which has the standard's model."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    install = [str(folder / "bin" / "pip"), "install", "--quiet", "datacontract-cli==1.2.8"]
    subprocess.run(install, check=True)
    return folder / "bin"


def lint(tools: Path, file: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([tools / "datacontract", "lint", str(file)], capture_output=True, text=True)


def test_exported_contracts_pass_the_linter_and_the_parser(tools: Path, tmp_path: Path) -> None:
    options = {"comment": "Orders", "columns": {"day": "of the order"}, "contract": {"columns": "rescue"}}
    new, held = tmp_path / "new.odcs.yaml", tmp_path / "held.odcs.yaml"
    new.write_text(contract_text(exported_contract(table(**options), SCHEMA, pipeline="shop")))
    held.write_text(contract_text(exported_contract(table(contract=str(FILE)), SCHEMA, pipeline="shop")))
    for file in (new, held):
        found = lint(tools, file)
        assert found.returncode == 0, found.stdout + found.stderr
        assert "valid against ODCS v3.1.0" in " ".join(found.stdout.split())
        parsed = subprocess.run([tools / "python", "-c", PARSE, file], capture_output=True, text=True)
        assert parsed.stdout.strip() == "['orders']", parsed.stderr
    broken = yaml.safe_load(new.read_text())
    broken["schema"][0]["properties"][0]["logicalType"] = "whole number"
    new.write_text(yaml.safe_dump(broken))
    assert lint(tools, new).returncode == 1, "it finds what is wrong"
