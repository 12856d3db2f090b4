"""The verbs that show a pipeline answer from what is kept: none of them starts a session for it."""

from __future__ import annotations

import json
import webbrowser
from pathlib import Path
from typing import NoReturn

import pytest

from lakehouse.cli import main
from lakehouse.cli.definitions import load_definition
from lakehouse.pipelines import Warehouse, keep_lineage
from lakehouse.pipelines.check.lineage import ColumnName, Edge, Influence, PipelineLineage, TableLineage

JOB = """
from lakehouse.pipelines import DeclarativePipelineBuilder, from_files, read

pipeline = (
    DeclarativePipelineBuilder("shop")
    .bronze("raw", from_files("in/*.csv", columns={"price": "int", "day": "date"}))
    .silver("sales", read("raw", incremental=True).where("price > 0").append(), owner="ann")
    .gold("days", read("sales").aggregate(by="day", total="sum(price)").replace())
    .build()
)
"""


def edge(table: str, column: str, how: Influence) -> Edge:
    return Edge(ColumnName(table, column), how)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose lineage is kept, on a machine where no session may start."""

    def refuse(*_: object, **__: object) -> NoReturn:
        raise AssertionError("a session is started")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("lakehouse.cli.pipeline_options.PipelineRequest.open_session", refuse)
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs" / "shop.py").write_text(JOB)
    sales = TableLineage(
        table="sales",
        columns={"price": (edge("raw", "price", Influence.IDENTITY),)},
        rows=(edge("raw", "price", Influence.FILTER),),
        made_at={"price": "jobs/shop.py:7"},
        types={"price": "int"},
    )
    days = TableLineage(
        table="days",
        columns={"total": (edge("sales", "price", Influence.AGGREGATION),)},
        made_at={"total": "jobs/shop.py:8"},
        types={"total": "bigint"},
    )
    lineage = PipelineLineage(pipeline="shop", tables={"sales": sales, "days": days})
    keep_lineage(Warehouse.at("warehouse"), load_definition("shop").with_variables({}), lineage)
    return tmp_path


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    capsys.readouterr()
    code = main(list(arguments))
    captured = capsys.readouterr()
    return code, captured.out + captured.err


def test_the_graph_is_told_with_owners_and_places(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, text = answer(capsys, "graph", "shop", "--json")
    tables = json.loads(text)["tables"]
    assert code == 0
    assert {table["table"]: table["inputs"] for table in tables} == {
        "raw": [],
        "sales": ["raw"],
        "days": ["sales"],
    }
    assert tables[1]["owner"] == "ann"
    assert tables[1]["declared_in"] == "jobs/shop.py:7"


def test_a_part_of_the_graph_is_told(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, text = answer(capsys, "graph", "shop", "--select", "+sales")
    assert [line.split()[0] for line in text.splitlines()[1:]] == ["raw", "sales"]


def test_lineage_of_all_tables_names_each_column_with_its_line(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, text = answer(capsys, "lineage", "shop")
    assert code == 0
    assert text.splitlines()[1:] == [
        "sales  price   int     raw.price (identity)       jobs/shop.py:7",
        "days   total   bigint  sales.price (aggregation)  jobs/shop.py:8",
        "sales: its rows depend on raw.price (filter)",
    ]


def test_lineage_and_pages_are_of_the_tables_that_are_selected(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, text = answer(capsys, "lineage", "shop", "--select", "days")
    assert code == 0
    assert text.splitlines()[1:] == ["days   total   bigint  sales.price (aggregation)  jobs/shop.py:8"]
    for verb in ("report", "docs"):
        assert answer(capsys, verb, "shop", "--select", "sales+", "--output", "page.html")[0] == 0
        page = (project / "page.html").read_text()
        assert ["id=t-sales" in page, "id=t-days" in page, "t-raw" in page] == [True, True, False]


def test_lineage_of_a_column_goes_both_ways_or_one(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, text = answer(capsys, "lineage", "shop", "sales.price")
    assert text.splitlines() == [
        "sales.price  int, made at jobs/shop.py:7",
        "comes from: raw.price (identity)",
        "goes into: days.total (aggregation)",
    ]
    _, text = answer(capsys, "lineage", "shop", "days.total", "--upstream", "--json")
    found = json.loads(text)
    assert "downstream" not in found
    assert {"table": "raw", "column": "price", "type": "DIRECT", "subtype": "AGGREGATION"} in found[
        "upstream"
    ]


def test_a_column_that_is_not_there_is_wrong_use(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, text = answer(capsys, "lineage", "shop", "days.totals")
    assert code == 2
    assert "'days.totals' is neither a table nor a column of the pipeline." in text
    assert "days.total" in text


def test_documentation_and_report_are_written_as_files(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert answer(capsys, "docs", "shop", "--output", "out/docs.html") == (0, "written: out/docs.html\n")
    code, text = answer(capsys, "report", "shop", "--json")
    assert (code, json.loads(text)["file"]) == (0, str(project / "report.html"))
    assert "aggregation of <i>sales.price</i>" in (project / "out" / "docs.html").read_text()
    assert "3 tables, not run yet" in (project / "report.html").read_text()


def test_a_page_is_opened_where_that_is_asked_for(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    for verb in ("report", "docs"):
        assert answer(capsys, verb, "shop")[0] == 0
        assert answer(capsys, verb, "shop", "--open")[0] == 0
    assert opened == [(project / name).as_uri() for name in ("report.html", "docs.html")]


def test_a_file_that_can_not_be_written_is_wrong_use(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "file").write_text("")
    code, text = answer(capsys, "report", "shop", "--output", "file/report.html")
    assert code == 2
    assert "Fix: name another file" in text
