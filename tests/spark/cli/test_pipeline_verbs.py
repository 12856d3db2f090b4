"""The verbs about pipelines, as a person types them, in a project of their own."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.cli import main
from lakehouse.strict_yaml import read_yaml

pytestmark = pytest.mark.spark

CLEAN = 'read("orders_raw", incremental=True)'


@pytest.fixture
def project(spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project that ``lakehouse init`` writes; the verbs run in the shared session."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        "lakehouse.cli.pipeline_options.PipelineRequest.open_session", lambda request, **_: spark
    )
    assert main(["init", "shop"]) == 0
    monkeypatch.chdir(tmp_path / "shop")
    return tmp_path / "shop"


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    capsys.readouterr()
    code = main(list(arguments))
    captured = capsys.readouterr()
    return code, captured.out + captured.err


def edit(project: Path, old: str, new: str) -> None:
    job = project / "jobs" / "shop.py"
    text = job.read_text()
    assert old in text
    job.write_text(text.replace(old, new))


def test_a_new_project_runs_at_once(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, text = answer(capsys, "run", "shop", "--json", "--run-id", "first", "--report", "out/shop.html")
    assert code == 0
    events = [json.loads(line) for line in text.splitlines()]
    assert [events[0]["event"], events[-1]["event"]] == ["run_started", "run_finished"]
    result = events[-1]
    assert (result["run_id"], result["status"]) == ("first", "ok")
    assert "All 3 tables are up to date" in Path("out/shop.html").read_text()
    assert "transformation of <i>" in Path("out/shop.html").read_text()
    orders = next(table for table in result["tables"] if table["table"] == "orders")["batches"][0]
    assert (orders["rows_in"], orders["written"], orders["quarantined"]) == (4, 3, 1)
    assert orders["rules"] == {"has_customer": 1, "positive": 1, "cast": 0}
    code, text = answer(capsys, "run", "shop")
    assert code == 0
    assert "nothing new" in text


def test_a_run_says_where_to_look_next_reads_its_settings_once_and_leaves_nothing_that_git_would_show(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    subprocess.run(["git", "init", "-q"], check=True)
    subprocess.run(["git", "add", "."], check=True)
    read = []
    monkeypatch.setattr(
        "lakehouse.settings.read_yaml", lambda path, kind: read.append(path) or read_yaml(path, kind)
    )
    code, text = answer(capsys, "run", "shop")
    assert code == 0
    assert "orders" in text
    assert "quarantined 1" in text
    assert "1 rows break positive" in text
    assert f"lakehouse history --warehouse {project / 'warehouse'}" in text
    assert read == [Path("conf/environments/local.yaml")]
    status = ["git", "status", "--porcelain"]
    shown = subprocess.run(status, capture_output=True, text=True, check=True).stdout
    assert [line for line in shown.splitlines() if not line.startswith("A ")] == []


def test_validate_names_every_error_with_its_line_and_exits_with_2(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(project, '"amount > 0"', '"amout > 0"')
    edit(project, 'by="customer"', 'by="custmer"')
    code, text = answer(capsys, "validate", "shop")
    assert code == 2
    assert "jobs/shop.py:12:" in text
    assert "did you mean 'amount'?" in text
    assert "did you mean 'customer'?" in text
    assert "3 tables, 2 errors" in text
    assert answer(capsys, "run", "shop")[0] == 2
    written = sorted(path.name for path in (project / "warehouse").glob("*/*"))
    assert written == ["events", "runs"], "no table"


def test_validate_says_when_nothing_is_wrong(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "lakehouse.toml").write_text('[variables]\nlandin = "elsewhere"\n')
    monkeypatch.chdir(project / "jobs")
    code, text = answer(capsys, "validate", "shop")
    assert code == 0
    assert "note: lakehouse.toml:2: no variable is called 'landin'. Fix: did you mean 'landing'?" in text
    code, text = answer(capsys, "validate", "shop", "--json")
    assert code == 0
    assert json.loads(text)["tables"]["customer_totals"] == (
        "struct<customer:string,orders:bigint,amount:decimal(20,2)>"
    )


def test_plan_and_history_say_what_would_run_and_what_ran_from_a_folder_inside_of_the_project(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "lakehouse.toml").write_text('[environments.local]\nwarehouse = "lake"\n')

    def inside(*arguments: str) -> tuple[int, str]:
        monkeypatch.chdir(project / "jobs")
        return answer(capsys, *arguments)

    def plan() -> dict[str, tuple[bool, str]]:
        code, text = inside("plan", "shop", "--json")
        assert code == 0
        return {each["table"]: (each["would_run"], each["why"]) for each in json.loads(text)["tables"]}

    assert plan() == {
        "orders_raw": (True, "1 new files"),
        "orders": (True, "orders_raw will have changed"),
        "customer_totals": (True, "orders will have changed"),
    }
    assert not (project / "lake").exists()
    assert inside("run", "shop", "--warehouse", "../elsewhere")[0] == 0
    assert (project / "elsewhere" / "gold" / "customer_totals" / "_delta_log").is_dir()
    assert not (project / "lake").exists()
    (project / "elsewhere").rename(project / "lake")
    assert inside("run", "shop")[0] == 0
    assert set(plan().values()) == {(False, "nothing new")}
    edit(project, "sum(amount)", "max(amount)")
    assert plan()["customer_totals"] == (True, "its definition changed")
    code, text = inside("history", "--json")
    assert code == 0
    runs = [event["status"] for event in json.loads(text) if event["kind"] == "run"]
    assert runs == ["nothing new", "ok"]
    code, text = inside("history", "shop", "--last", "1")
    assert code == 0
    assert "customer_totals" in text


def test_a_table_that_fails_makes_the_exit_code_1(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(project, 'expect_or_quarantine("positive"', 'expect_or_fail("positive"')
    code, text = answer(capsys, "run", "shop")
    assert code == 1
    assert "'positive'" in text
    assert "customer_totals      skipped      because orders failed" in text


def test_a_name_that_two_files_define_needs_a_choice(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pipelines = project / "conf" / "pipelines"
    pipelines.mkdir(parents=True)
    (pipelines / "stall.yaml").write_text("name: stall\ntables: []\n")
    (project / "jobs" / "stall.py").write_text(
        (project / "jobs" / "shop.py").read_text().replace("shop", "stall")
    )
    code, text = answer(capsys, "run", "stall")
    assert code == 2
    assert "--definition jobs/stall.py" in text
    assert answer(capsys, "run", "stall", "--definition", "jobs/stall.py")[0] == 0
    assert answer(capsys, "run", "stall", "--definition", "conf/pipelines/stall.yaml")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "shopp"], "use a name that exists: shop."),
        (["run", "shop", "--set", "lending=x"], "did you mean 'landing'?"),
        (["run", "shop", "--set", "landing"], "is not KEY=VALUE"),
        (["run", "shop", "--set", "landing=none"], "which is not there"),
        (["run", "shop", "--select", "order"], "did you mean 'orders'?"),
        (["run", "shop", "--env", "lokal"], "local"),
        (["run"], "Missing argument"),
        (["init", "9lives"], "is not a name"),
        (["init", "../shop"], "is not a name"),
    ],
)
def test_wrong_use_exits_with_2_and_says_what_is_right(
    project: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    code, text = answer(capsys, *arguments)
    assert code == 2
    assert said in text


def test_init_never_writes_over_what_is_there(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project.parent)
    code, text = answer(capsys, "init", "shop")
    assert code == 2
    assert "already exists" in text


@pytest.mark.slow
def test_the_projects_own_tests_pass(project: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "pytest"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "rootdir: " + str(project) in done.stdout
    assert "3 passed" in done.stdout


def test_the_project_is_installed_with_what_it_needs(project: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel"]
    subprocess.run(build, capture_output=True, check=True)
    (wheel,) = (project / "dist").glob("shop-0.1.0-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        metadata = archive.read("shop-0.1.0.dist-info/METADATA").decode()
    assert all(name.startswith("shop-0.1.0.dist-info/") for name in names), "no file of the project"
    assert f"Requires-Dist: lakehouse=={version('lakehouse')}" in metadata


@pytest.fixture
def read_only(project: Path) -> Iterator[Path]:
    """A folder that even the superuser can't write to."""
    folder = project / "read_only"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "ro", "none", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting a read-only folder needs the superuser's rights")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_read_only_warehouse_fails_with_its_path_and_a_way_out(
    read_only: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, text = answer(capsys, "run", "shop", "--warehouse", str(read_only))
    assert code == 1
    assert f"LocalStorageService('{read_only}') refused to write" in text
    assert "Fix: give this process the right to write there" in text


def test_a_file_in_the_warehouses_place_fails_with_its_path_and_a_way_out(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "taken").write_text("a file")
    code, text = answer(capsys, "run", "shop", "--warehouse", "taken")
    assert code == 1
    assert str(project / "taken") in text
    assert "Fix:" in text


@pytest.mark.slow
def test_the_tests_of_a_new_project_pass_with_the_fixtures_that_come_with_lakehouse(project: Path) -> None:
    shared = "import pytest\nfrom pyspark.sql import SparkSession\n\n\n@pytest.fixture(scope='session')\n"
    shared += "def spark():\n    return SparkSession.getActiveSession()\n"
    (project / "tests" / "conftest.py").write_text(
        shared
    )  # the session that is there, in place of a small one
    options = ["-q", "-p", "lakehouse.pytest_plugin", "-p", "no:cacheprovider", "-p", "no:xdist"]
    assert pytest.main([*options, "--import-mode=importlib", "-c", "pyproject.toml", "tests"]) == 0


def test_pytest_finds_the_fixtures_by_itself() -> None:
    declared = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())
    (module,) = declared["project"]["entry-points"]["pytest11"].values()
    assert {"spark", "load_pipeline"} <= set(vars(importlib.import_module(module)))
