"""The examples for orchestrators have a task or an asset for each table, and their commands run as they stand.

Airflow and Dagster are not installed here: the few of their names that the examples use are stood in for.
"""

from __future__ import annotations

import io
import json
import runpy
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, Self

import pytest
from pyspark.sql import SparkSession

from lakehouse.cli import main
from lakehouse.delta_log import Snapshot

pytestmark = pytest.mark.spark

ORCHESTRATORS = Path(__file__).parents[3] / "examples" / "orchestrators"
GRAPH = {"orders_raw": [], "orders": ["orders_raw"], "revenue": ["orders"]}


class Task:
    """Stands in for Airflow's BashOperator."""

    def __init__(self, *, task_id: str, bash_command: str, cwd: str, append_env: bool) -> None:
        self.task_id, self.bash_command, self.cwd = task_id, bash_command, cwd
        self.upstream: list[str] = []

    def __rshift__(self, other: Task) -> Task:
        other.upstream.append(self.task_id)
        return other


class Dag:
    """Stands in for Airflow's DAG."""

    def __init__(self, dag_id: str, **options: Any) -> None:
        self.dag_id, self.options = dag_id, options

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...


def module(name: str, **content: Any) -> ModuleType:
    made = ModuleType(name)
    vars(made).update(content)
    return made


JOB = """
from lakehouse import DeclarativePipelineBuilder, read
from lakehouse.pipelines import from_range

orders = read("orders_raw").where("id > 0").expect_or_quarantine("small", "id < 5")
pipeline = (
    DeclarativePipelineBuilder("shop")
    .bronze("orders_raw", from_range(6).replace())
    .silver("orders", orders.replace(), comment="all")
    .gold("revenue", read("orders").aggregate(by="id % 2 AS odd", n="count(1)").replace())
    .build()
)
"""


@pytest.fixture
def project(spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose verbs run in this process, in the session of all tests."""
    monkeypatch.setattr(
        "lakehouse.cli.pipeline_options.PipelineRequest.open_session", lambda request, **_: spark
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LAKEHOUSE_PROJECT", str(tmp_path))
    monkeypatch.syspath_prepend(str(ORCHESTRATORS))
    monkeypatch.delitem(sys.modules, "lakehouse_project", raising=False)
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs" / "shop.py").write_text(JOB)

    real_run, real_popen = subprocess.run, subprocess.Popen

    def run(asked: Any, *more: Any, **options: Any) -> Any:
        if asked[0] != "lakehouse":
            return real_run(asked, *more, **options)
        code, text = said_by(asked)
        return subprocess.CompletedProcess(asked, code, stdout=text)

    def popen(asked: Any, *more: Any, **options: Any) -> Any:
        return Said(asked) if asked[0] == "lakehouse" else real_popen(asked, *more, **options)

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(subprocess, "Popen", popen)
    return tmp_path


class Said:
    """A process that has said what it says."""

    def __init__(self, asked: Sequence[str]) -> None:
        self.returncode, text = said_by(asked)
        self.stdout = io.StringIO(text)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...


def said_by(asked: Sequence[str]) -> tuple[int, str]:
    """Run a command of the library in this process."""
    program, *arguments = asked
    assert program == "lakehouse"
    out = io.StringIO()
    with redirect_stdout(out):
        code = main(list(arguments))
    return code, out.getvalue()


def rows(project: Path, table: str) -> int:
    return Snapshot.load(project / "warehouse" / table).to_arrow().num_rows


@pytest.mark.parametrize("refreshed", [1, pytest.param(3, marks=pytest.mark.slow)])
def test_airflow_has_a_task_for_each_table_and_its_commands_refresh_them(
    project: Path, monkeypatch: pytest.MonkeyPatch, refreshed: int
) -> None:
    operators = "airflow.providers.standard.operators.bash"
    monkeypatch.setitem(sys.modules, "airflow", module("airflow", DAG=Dag))
    monkeypatch.setitem(sys.modules, operators, module(operators, BashOperator=Task))
    made = runpy.run_path(str(ORCHESTRATORS / "airflow_dag.py"))
    tasks: dict[str, Task] = made["tasks"]
    assert {name: task.upstream for name, task in tasks.items()} == GRAPH
    assert made["dag"].options["max_active_tasks"] == 1
    for task in [*tasks.values()][:refreshed]:
        filled = task.bash_command.replace("{{ run_id | replace('+', '_') }}", "daily")
        code, text = said_by(shlex.split(filled))
        assert (code, json.loads(text.splitlines()[-1])["run_id"]) == (0, f"daily-{task.task_id}")
    folders = ("bronze/orders_raw", "silver/orders", "gold/revenue")
    assert [rows(project, each) for each in folders[:refreshed]] == [6, 4, 2][:refreshed]


def dagster() -> ModuleType:
    def multi_asset(**declared: Any) -> Any:
        return lambda function: SimpleNamespace(function=function, **declared)

    return module(
        "dagster",
        AssetSpec=lambda key, **more: SimpleNamespace(key=key, **more),
        multi_asset=multi_asset,
        MaterializeResult=lambda **given: (given["asset_key"], given["metadata"]),
        Definitions=lambda **given: SimpleNamespace(**given),
        Failure=RuntimeError,
        AssetExecutionContext=SimpleNamespace,
    )


@pytest.mark.slow
def test_dagster_has_an_asset_for_each_table_and_materializes_those_that_are_chosen(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "dagster", dagster())
    made = runpy.run_path(str(ORCHESTRATORS / "dagster_assets.py"))
    assert {spec.key: spec.deps for spec in made["SPECS"]} == GRAPH
    assert [spec.description for spec in made["SPECS"]] == [None, "all", None]

    def materialized(*chosen: str) -> Iterator[tuple[str, Any]]:
        keys = [SimpleNamespace(to_user_string=lambda name=name: name) for name in chosen]
        return made["refreshed"].function(SimpleNamespace(selected_asset_keys=keys, run_id="r1"))  # type: ignore[no-any-return]

    assert dict(materialized("orders_raw", "orders")) == {
        "orders_raw": {"written": 6, "dropped": 0, "quarantined": 0, "version": 0},
        "orders": {"written": 4, "dropped": 0, "quarantined": 1, "version": 0},
    }
    assert not (project / "warehouse" / "gold" / "revenue").exists()
    shutil.rmtree(project / "warehouse" / "silver" / "orders")
    (project / "warehouse" / "silver" / "orders").write_text("no folder")
    left = materialized("orders")
    with pytest.raises(RuntimeError, match="ended with 1"):
        list(left)
