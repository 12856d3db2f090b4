"""The examples of CONTRIBUTING.md run, and do what the text around them says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lakehouse.pipelines import (
    DeclarativePipelineBuilder,
    NothingNew,
    PipelineFactory,
    Refreshed,
    from_files,
    read,
    run_pipeline,
)
from lakehouse.quality import judge
from lakehouse.storage import MemoryStorageService

pytestmark = pytest.mark.spark

ROOT = Path(__file__).parents[3]
EXAMPLES = re.findall(r"```python\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(), flags=re.S)


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """Everything that the examples define, run one after the other as a reader would."""
    monkeypatch.setattr(PipelineFactory, "_layers", PipelineFactory.layers())
    defined: dict[str, Any] = {}
    for example in EXAMPLES:
        exec(compile(example, "CONTRIBUTING.md", "exec"), defined)
    return defined


def test_a_registered_layer_refreshes_its_tables_by_its_own_rule(
    spark: SparkSession, names: dict[str, Any], warehouse: Path, tmp_path: Path
) -> None:
    board = (
        DeclarativePipelineBuilder("board")
        .bronze("sales", from_files(f"{tmp_path}/*.csv", columns=("id",)))
        .gold("always", read("sales").replace())
        .table("totals", read("sales").replace(), layer="platinum")
        .build()
    )
    for day, expected in (("a", {"always": Refreshed, "totals": Refreshed}), ("b", {"totals": NothingNew})):
        (tmp_path / f"{day}.csv").write_text("id\n1\n")
        outcomes = run_pipeline(board, spark=spark, warehouse=warehouse).outcomes
        assert {name: type(outcomes[name]) for name in expected} == expected
    assert type(outcomes["always"]) is Refreshed
    assert (warehouse / "platinum" / "totals" / "_delta_log").is_dir()


def test_the_rule_of_the_example_judges_rows(spark: SparkSession, names: dict[str, Any]) -> None:
    prices = [(5.0,), (-1.0,), (None,), (10_000.0,), (10_000.1,)]
    frame = spark.createDataFrame(prices, "UnitPrice double")
    tally = judge(frame, names["checked"].expectations).tally()
    assert (tally.written, tally.quarantined) == (2, 3)


def test_the_storage_of_the_example_is_found_by_its_scheme(names: dict[str, Any]) -> None:
    assert isinstance(names["storage_for"]("scratch://anything"), MemoryStorageService)
