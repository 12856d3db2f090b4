"""Every page is true: its links lead somewhere, its commands exist, its code runs, its YAML is read."""

from __future__ import annotations

import datetime as dt
import re
import runpy
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from lakehouse.chess.variants import VARIANTS
from lakehouse.delta_log import Snapshot, TransactionManager
from lakehouse.optimization import QueryOptimizer
from lakehouse.pipelines import (
    DeclarativePipelineBuilder,
    Step,
    read_sql_models,
    read_yaml_definition,
    resolve,
    run_pipeline,
)
from lakehouse.pipelines.check.declarations import declaration_problems
from lakehouse.project import find_project
from lakehouse.settings import load_settings
from lakehouse.storage import schemes, storage_for
from tests.spark.docs.pages import PAGES, ROOT, Reader, blocks_of, command_lines, parse

HOW_TO = ROOT / "docs" / "how-to"
LANGUAGES = {"console", "diff", "python", "sh", "sql", "text", "toml", "yaml"}


def anchors_of(page: Path) -> set[str]:
    """The places on a page that a link may lead to, spelled as the site and a forge spell them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), flags=re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def links() -> list[tuple[Path, str]]:
    """Every link of every page, with the page that it is on."""
    found = []
    for page in [*PAGES, ROOT / "benchmarks" / "README.md"]:
        text = re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.S | re.M)
        found += [(page, target) for target in re.findall(r"\]\(([^)\s]+)\)", text)]
    return found


@pytest.mark.parametrize(("page", "target"), links(), ids=lambda value: getattr(value, "name", value))
def test_a_link_leads_somewhere(page: Path, target: str) -> None:
    path, _, anchor = target.partition("#")
    file = (page.parent / path).resolve() if path else page
    assert "://" not in target, "nobody tests whether another site is still there"
    assert file.exists()
    assert not anchor or anchor in anchors_of(file)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_block_says_what_it_is(page: Path) -> None:
    """The languages are those that something is done with: see pages.Reader."""
    found = set(re.findall(r"^```(\w*)[^\n]*\n.*?^```$", page.read_text("utf-8"), flags=re.S | re.M))
    assert found <= LANGUAGES


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_of_a_page_can_be_typed(page: Path) -> None:
    for arguments in command_lines(page):
        if "lakehouse" not in arguments:
            parse(arguments)


def test_every_page_is_in_the_navigation_of_the_site() -> None:
    listed = set(re.findall(r"[\w/-]+\.md", (ROOT / "mkdocs.yml").read_text()))
    assert listed == {
        str(page.relative_to(ROOT / "docs")) for page in PAGES if page.is_relative_to(ROOT / "docs")
    }


def test_the_reference_of_the_command_line_is_what_the_commands_say() -> None:
    page = runpy.run_path(str(ROOT / "scripts" / "cli_reference.py"))["page"]
    fix = "run: python scripts/cli_reference.py > docs/reference/cli.md"
    assert (ROOT / "docs" / "reference" / "cli.md").read_text() == page(), fix


# Pages with code


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder as the root of a clone, with two days of sales."""
    for folder in ("jobs", "conf", "data/chess"):
        (tmp_path / folder).parent.mkdir(exist_ok=True)
        (tmp_path / folder).symlink_to(ROOT / folder)
    (tmp_path / "data" / "retail").mkdir()
    for day in sorted((ROOT / "data" / "retail").glob("*.csv.gz"))[:2]:
        (tmp_path / "data" / "retail" / day.name).symlink_to(day)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_page_about_storage_is_true(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schemes, "_FACTORIES", dict(schemes._FACTORIES))
    Reader(HOW_TO / "keep-objects-in-any-store.md").follow()
    storage_for("scratch://anything").write("key", b"bytes")


def test_the_page_about_chess_is_true(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lakehouse.chess.variants.registry.VARIANTS", dict(VARIANTS))
    names = Reader(HOW_TO / "record-and-replay-chess.md").follow()
    assert [event.san for event in names["game"].get_history() if event.san] == ["e4", "e5"]


def test_the_page_about_reading_delta_tables_is_true(project: Path) -> None:
    for day in (dt.date(2024, 5, 1), dt.date(2024, 5, 2)):
        with TransactionManager().transaction("lake/sales") as transaction:
            transaction.append(pa.table({"day": [day], "amount": [200]}))
    (latest, _) = Snapshot.load("lake/sales").history()
    when = dt.datetime.fromtimestamp(latest.timestamp_ms / 1000, dt.UTC).isoformat(timespec="milliseconds")
    page = HOW_TO / "read-delta-tables.md"
    names = Reader(page, latest_time=when, storage=storage_for("lake/sales")).follow()
    assert names["snapshot"].version == 1


def test_the_page_about_writing_delta_tables_is_true(project: Path) -> None:
    names = Reader(HOW_TO / "write-delta-tables.md").follow()
    assert sorted(Snapshot.load("lake/sales").to_arrow().to_pylist(), key=str) == [
        {"day": "mon", "n": 1},
        {"day": "mon", "n": 1},
    ]
    assert names["found"].keys == []


def test_the_page_about_maintaining_tables_is_true(project: Path) -> None:
    names = Reader(HOW_TO / "maintain-tables.md").follow()
    assert QueryOptimizer([names["OneFile"]()]).plan("lake/sales") == ()
    assert Snapshot.load("lake/sales").files().num_rows == 1


@pytest.mark.spark
def test_the_page_about_division_is_true(spark: SparkSession, project: Path) -> None:
    Reader(HOW_TO / "divide-exactly.md").follow()


@pytest.mark.spark
def test_the_page_about_pipelines_is_true(spark: SparkSession, project: Path) -> None:
    Reader(HOW_TO / "declare-a-pipeline.md").follow()
    table = project / "warehouse" / "gold" / "units_by_country"
    countries = {row.Country for row in spark.read.format("delta").load(str(table)).collect()}
    assert "United Kingdom" in countries


def test_the_page_about_changes_is_true(project: Path) -> None:
    (project / "landing" / "customers").mkdir(parents=True, exist_ok=True)
    names = Reader(HOW_TO / "apply-changes.md").follow()
    assert declaration_problems(names["definition"].with_variables({})) == []
    readers = DeclarativePipelineBuilder("crm").bronze("customer_files", names["files"])
    readers.silver("customers", names["by_file"]).gold("by_version", names["by_version"])
    assert declaration_problems(readers.gold("names", names["names"]).build()) == []


def test_the_page_about_contracts_is_true(project: Path) -> None:
    page = HOW_TO / "keep-a-contract.md"
    (block,) = blocks_of(page, "yaml")
    (project / block.title).parent.mkdir()
    (project / block.title).write_text(block.text)
    names = Reader(page).follow()
    for definition in (names["definition"], names["held"]):
        assert declaration_problems(definition) == []
    (orders,) = names["held"].resolved().tables
    assert (orders.contract.columns, orders.flow.rules[1].at_most) == ("discard_value", "1 %")


@pytest.mark.spark
@pytest.mark.usefixtures("spark", "project")
def test_the_page_about_tests_is_true() -> None:
    names = Reader(HOW_TO / "test-a-pipeline.md").follow()
    names["test_days_are_sums"](lambda name: names["pipeline"])


@pytest.mark.spark
def test_the_page_about_refreshing_is_true(spark: SparkSession, project: Path) -> None:
    names = Reader(HOW_TO / "refresh-results-incrementally.md").follow()
    schema = (
        "Country string, CustomerID int, InvoiceNo string, InvoiceDate date, Quantity int, UnitPrice double"
    )
    sales = spark.createDataFrame([("UK", 1, "a", dt.date(2024, 1, 1), 2, 1.5)], schema)
    assert names["by_row"].apply(sales).first().revenue == 3.0
    assert names["by_key"].apply(sales).first().last_invoice == "a"
    (daily,) = names["pipeline"].tables
    for flow in (names["by_row"], names["by_key"]):
        demanded = DeclarativePipelineBuilder("p").gold("t", flow, refresh_policy="incremental")
        assert declaration_problems(demanded.build()) == []
    assert declaration_problems(names["pipeline"]) == []
    assert daily.options.refresh_policy == "incremental"


@pytest.mark.spark
@pytest.mark.usefixtures("spark")
def test_the_page_about_apis_is_true(project: Path) -> None:
    page = HOW_TO / "fetch-an-api.md"
    Reader(page).follow()
    (block,) = blocks_of(page, "yaml")
    (project / block.title).write_text(block.text)
    (table,) = read_yaml_definition(project / block.title).tables
    assert table.flow.source.label == "'${api}'"


def test_the_page_about_files_is_true(project: Path) -> None:
    page = HOW_TO / "take-files.md"
    names = Reader(page).follow()
    (block,) = blocks_of(page, "yaml")
    (project / block.title).write_text(block.text)
    (table,) = read_yaml_definition(project / block.title).tables
    assert table.flow.source == names["prices"].source


def test_the_page_about_projects_is_true(project: Path) -> None:
    (block,) = blocks_of(HOW_TO / "set-up-a-project.md", "toml")
    (project / block.title).write_text(block.text)
    found = find_project()
    assert found.pipelines == {"my-shop": Path("flows/shop.yaml")}
    assert load_settings().spark.master == "local[2]"
    assert load_settings("prod").warehouse == "s3://lake/prod"


def test_the_page_about_databases_is_true(project: Path) -> None:
    names = Reader(HOW_TO / "read-a-database.md").follow()
    assert declaration_problems(names["pipeline"]) == []


def test_the_page_about_kafka_is_true(project: Path) -> None:
    reader = Reader(HOW_TO / "read-from-kafka.md")
    names = reader.follow()
    assert declaration_problems(names["pipeline"]) == []
    in_time = DeclarativePipelineBuilder("shop").bronze("orders_raw", names["orders"].append())
    assert declaration_problems(in_time.silver("orders", names["orders_by_time"]).build()) == []
    (block,) = blocks_of(HOW_TO / "read-from-kafka.md", "yaml")
    (project / block.title).write_text(block.text)
    (table,) = read_yaml_definition(project / block.title).tables
    assert declaration_problems(read_yaml_definition(project / block.title)) == []
    assert table.flow.source.kafka.value == names["orders"].source.kafka.value


def test_the_page_about_concurrency_is_true(project: Path) -> None:
    Reader(ROOT / "docs" / "explanation" / "concurrency.md").follow()


def test_the_page_about_streams_is_true(project: Path) -> None:
    names: dict[str, Any] = {}
    for block in blocks_of(ROOT / "docs" / "explanation" / "batch-or-stream.md", "python"):
        exec(block.text, names)
    (project / "landing").mkdir()
    assert declaration_problems(names["shop"]) == []
    (aggregate,) = names["shop"].tables[-1].flow.steps
    assert aggregate.by == ("window(at, '1 day')",)
    ads = DeclarativePipelineBuilder("ads")
    for table in ("clicked", "shown"):
        ads.bronze(table, names["read"]("elsewhere", incremental=True).append())
    ads.silver("answered", names["answered"]).silver("ads", names["ads"]).gold("alone", names["alone"])
    assert declaration_problems(ads.build()) == []


@pytest.fixture
def own_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the page about extending adds is gone after the test."""
    monkeypatch.setattr(Step.words, "_classes", dict(Step.words._classes))


@pytest.mark.spark
@pytest.mark.usefixtures("spark", "own_words", "project")
def test_the_page_about_extending_is_true() -> None:
    Reader(HOW_TO / "extend-pipelines.md").follow()


@pytest.mark.usefixtures("own_words")
def test_a_word_of_ones_own_is_read_from_yaml(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = HOW_TO / "extend-pipelines.md"
    (project / "my_project").mkdir()
    (project / "my_project" / "every_nth.py").write_text(blocks_of(page, "python")[0].text)
    (project / "own.yaml").write_text(blocks_of(page, "yaml")[0].text)
    monkeypatch.syspath_prepend(str(project))
    (table,) = read_yaml_definition(project / "own.yaml").tables
    assert [step.label for step in table.flow.steps] == ["every_nth(5)"]


@pytest.mark.spark
def test_the_pipeline_in_yaml_runs(
    spark: SparkSession, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(ROOT))
    (block,) = blocks_of(HOW_TO / "write-yaml.md", "yaml")
    (project / "sales.yaml").write_text(block.text)
    result = run_pipeline(
        read_yaml_definition(Path("sales.yaml")), spark=spark, warehouse=project / "warehouse"
    )
    assert {name: type(outcome).__name__ for name, outcome in result.outcomes.items()} == dict.fromkeys(
        ("sales_raw", "sales", "daily_revenue"), "Refreshed"
    )


@pytest.mark.spark
def test_the_pipeline_in_sql_files_is_one(spark: SparkSession, project: Path) -> None:
    for block in blocks_of(HOW_TO / "write-sql-files.md", "sql", "yaml"):
        (project / block.title).parent.mkdir(parents=True, exist_ok=True)
        (project / block.title).write_text(block.text)
    (project / "data" / "orders").mkdir(parents=True)
    resolution = resolve(read_sql_models(Path("models/shop")).with_variables({}), spark)
    resolution.check()
    assert resolution.graph.order == ("orders_raw", "orders", "customers")
    assert resolution.schemas["customers"].simpleString() == "struct<customer:string,units:bigint>"


@pytest.mark.spark
def test_the_environment_is_read_and_gives_a_session(
    spark: SparkSession,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    page = HOW_TO / "choose-where-spark-runs.md"
    (block,) = blocks_of(page, "yaml")
    (tmp_path / block.title).parent.mkdir(parents=True)
    (tmp_path / block.title).write_text(block.text)
    monkeypatch.chdir(tmp_path)
    settings = load_settings("prod")
    assert (settings.spark.master, settings.warehouse) == ("spark://head:7077", "/srv/lakehouse")
    assert settings.spark.conf == {"spark.executor.memory": "4g"}
    names: dict[str, Any] = {}
    first, of_the_format = blocks_of(page, "python")
    exec(first.text, names)
    assert names["spark"] is not None
    exec(of_the_format.text, names)
    assert capsys.readouterr().out.splitlines()[-1] == "3"
    assert Snapshot.load(tmp_path / "lake" / "numbers").partition_columns == ("part",)


@pytest.mark.spark
def test_the_page_about_running_is_true(spark: SparkSession, project: Path) -> None:
    page = HOW_TO / "run-pipelines.md"
    Reader(page).follow()
    (block,) = blocks_of(page, "yaml")
    (project / "prod.yaml").write_text(block.text)
    catalog = load_settings("prod", folder=project).catalog
    assert catalog is not None
    assert catalog.spark_conf["spark.hadoop.hive.metastore.uris"] == "thrift://metastore:9083"


def test_every_page_with_code_has_a_test_that_runs_it() -> None:
    """The pages above, those with a test of their own, and no others."""
    elsewhere = {"README.md", "CONTRIBUTING.md", "first-pipeline.md", "use-the-caches.md"}
    here = Path(__file__).read_text()
    with_code = {page.name for page in PAGES if blocks_of(page, "python", "console", "diff")}
    assert {name for name in with_code - elsewhere if f'"{name}"' not in here} == set()
