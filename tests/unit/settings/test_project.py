"""A project declares its pipelines, environments and defaults in one file; what is wrong there has its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakehouse.cli.definitions import load_definition
from lakehouse.errors import ConfigurationError
from lakehouse.pipelines import PipelineNotFoundError
from lakehouse.project import find_project
from lakehouse.settings import UnknownEnvironmentError, default_environment, load_settings
from lakehouse.strict_yaml import YamlError

TOML = """\
environment = "test"

[pipelines]
my-shop = "flows/shop.yaml"

[environments.test]
warehouse = "lake"
spark = {master = "local[2]", conf = {"spark.sql.shuffle.partitions" = 2}}

[environments.prod]
warehouse = "s3://bucket/lake"

[variables]
landing = "data/orders"
statuses = ["open", "paid"]
"""
SHOP = """\
name: my-shop
variables: {landing: none, statuses: [x]}
tables:
  - name: t
    layer: gold
    flow: {read: {table: raw}, steps: [{where: "status IN (${statuses})"}, {transform: own.rates:add}]}
    write: replace
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "shop.yaml").write_text(SHOP)
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "rates.py").write_text("def add(frame):\n    return frame\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", [])
    return tmp_path


@pytest.mark.parametrize("shared", [False, True])
def test_a_project_has_pipelines_environments_and_defaults(project: Path, shared: bool) -> None:
    if shared:
        head = '[tool.lakehouse]\nenvironment = "test"\n'
        body = TOML.partition("\n")[2]
        for table in ("pipelines", "environments.test", "environments.prod", "variables"):
            body = body.replace(f"[{table}]", f"[tool.lakehouse.{table}]")
        (project / "pyproject.toml").write_text(head + body)
    else:
        (project / "lakehouse.toml").write_text(TOML)
    assert default_environment() == "test"
    assert load_settings().warehouse == "lake"
    assert load_settings().spark.conf == {"spark.sql.shuffle.partitions": 2}
    assert load_settings("prod").warehouse == "s3://bucket/lake"
    with pytest.raises(UnknownEnvironmentError, match="did you mean 'prod'"):
        load_settings("prd")
    definition = load_definition("my-shop").with_defaults(find_project().variables)
    (table,) = definition.with_variables({}).tables
    assert table.flow.steps[0].label == "where(status IN ('open', 'paid'))"


def test_a_project_is_found_from_a_folder_inside_and_its_modules_too(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "lakehouse.toml").write_text(TOML)
    monkeypatch.chdir(project / "flows")
    assert find_project().root == project
    assert load_definition("my-shop").name == "my-shop"


def test_without_a_file_the_folder_is_the_project(project: Path) -> None:
    (project / "pyproject.toml").write_text('[project]\nname = "x"\n')
    found = find_project()
    assert (found.root, found.file, default_environment()) == (project, None, "local")
    assert load_settings().warehouse == "warehouse"


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("[pipeline]\nshop = 'x'\n", r"lakehouse\.toml:1: unknown key 'pipeline'.*did you mean 'pipelines'"),
        ("\n[environments.prod]\n\nwarehose = 'x'\n", r"lakehouse\.toml:4: unknown key 'warehose'"),
        ("[pipelines\n", r"lakehouse\.toml:1: not readable as TOML: .* Fix: correct this line"),
        (
            "[pipelines]\nshop = jobs/shop.py\n",
            r"lakehouse\.toml:2: not readable as TOML: .* stand in quotes",
        ),
        (
            "\nenvironment = 'prd'\n[environments.prod]\n",
            r"lakehouse\.toml:2: unknown environment 'prd'.*'prod'",
        ),
    ],
)
def test_what_is_wrong_in_the_file_is_said_with_its_line(project: Path, text: str, wrong: str) -> None:
    (project / "lakehouse.toml").write_text(text)
    with pytest.raises((YamlError, ConfigurationError), match=wrong):
        load_settings("prd" if "prd" in text else "prod")


def test_a_pipeline_that_is_not_where_the_file_says_is_an_error_of_the_file(project: Path) -> None:
    (project / "lakehouse.toml").write_text("[pipelines]\nshop = 'jobs/shop.py'\n")
    with pytest.raises(PipelineNotFoundError, match=r"should come from 'jobs/shop\.py', which is not there"):
        load_definition("shop")


def test_a_name_is_written_as_people_write_it(project: Path) -> None:
    (project / "conf" / "pipelines").mkdir(parents=True)
    (project / "conf" / "pipelines" / "my_shop.yaml").write_text(SHOP)
    assert load_definition("my-shop").name == "my-shop"
