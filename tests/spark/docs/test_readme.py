"""README.md is true: its first block runs as it stands, and the demo prints what is shown."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lakehouse.cli import main
from tests.spark.docs.pages import blocks_of, comparable
from tests.spark.pipelines.retail_oracle import rows_of

pytestmark = pytest.mark.spark

ROOT = Path(__file__).parents[3]
LANDING = ROOT / "data" / "retail"


def expected_revenue() -> dict[date, Decimal]:
    """Sum what was sold each day: distinct lines that are not cancelled and have a price."""
    revenue: dict[date, Decimal] = defaultdict(Decimal)
    for line in {tuple(row.items()) for row in rows_of(sorted(LANDING.glob("*.csv.gz")))}:
        row = dict(line)
        if not row["InvoiceNo"].startswith("C") and Decimal(row["UnitPrice"]) > 0:
            day = date.fromisoformat(row["InvoiceDate"][:10])
            revenue[day] += int(row["Quantity"]) * Decimal(row["UnitPrice"])
    return dict(revenue)


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that has the jobs and the data, as the root of a clone does."""
    for folder in ("data", "jobs"):
        (tmp_path / "lakehouse" / folder).parent.mkdir(exist_ok=True)
        (tmp_path / "lakehouse" / folder).symlink_to(ROOT / folder)
    monkeypatch.chdir(tmp_path / "lakehouse")
    return tmp_path


def test_the_first_block_runs_as_it_stands_and_gives_what_plain_python_gives(
    spark: SparkSession, clone: Path
) -> None:
    names: dict[str, Any] = {"__name__": "readme"}
    exec(compile(blocks_of(ROOT / "README.md", "python")[0].text, "README.md", "exec"), names)
    assert names["result"].status == "ok"
    table = clone / "lakehouse" / "warehouse" / "gold" / "daily_revenue"
    rows = spark.read.format("delta").load(str(table)).collect()
    assert {row.day: row.revenue for row in rows} == expected_revenue()


def test_the_demo_prints_what_is_shown(
    spark: SparkSession, clone: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        "lakehouse.cli.pipeline_options.PipelineRequest.open_session", lambda request, **_: spark
    )
    (shown,) = blocks_of(ROOT / "README.md", "text")
    assert main(["run", "retail"]) == 0
    printed = capsys.readouterr().out
    assert comparable(printed, home=clone, in_order=False) == comparable(
        shown.text, home=clone, in_order=False
    )
