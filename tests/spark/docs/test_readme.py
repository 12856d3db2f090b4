"""The first block of README.md runs as it stands, and gives what plain Python works out from the same files."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

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


def test_the_first_block_runs_as_it_stands(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    block = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), flags=re.S)[0]
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "retail").symlink_to(LANDING)
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "readme"}
    exec(compile(block, "README.md", "exec"), names)
    assert names["result"].status == "ok"  # type: ignore[attr-defined]
    rows = spark.read.format("delta").load(str(tmp_path / "warehouse/gold/daily_revenue")).collect()
    assert {row.day: row.revenue for row in rows} == expected_revenue()
