"""How many files a batch leaves in its tables: one where it is small, whatever it was read from."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.delta_log import Snapshot
from lakehouse.pipelines import read
from tests.spark.pipelines.landing import TYPED, Lake, shop

pytestmark = pytest.mark.spark


@pytest.fixture
def lake(spark: SparkSession, tmp_path: Path) -> Lake:
    return Lake(spark, tmp_path)


def files_of(lake: Lake, table: str) -> int:
    return Snapshot.load(lake.warehouse / table).files().num_rows


def test_a_small_batch_of_many_files_becomes_one_file_in_each_table(lake: Lake) -> None:
    """Two batches of five files each; judged and unjudged rows, shared first steps, rows that are set aside."""
    definition = shop(
        judged=("silver", TYPED.where("id > 0").expect_or_quarantine("sold", "units > 0").append()),
        unjudged=("silver", TYPED.where("id < 0").append()),
        plain=("silver", read("raw", incremental=True).append()),
    )
    for batch in (1, 2):
        for number in range(5):
            first = batch * 1_000 + number * 100
            rows = [(row, row % 3, "2024-01-01") for row in range(first, first + 50)]
            lake.land(f"{batch}-{number}.csv", *rows, *((-row, 1, "2024-01-01") for row, _, _ in rows))
        assert not lake.run(definition).failures
        for table in ("bronze/raw", "silver/judged", "silver/unjudged", "silver/plain"):
            assert (table, files_of(lake, table)) == (table, batch)
        assert files_of(lake, "silver/judged_quarantine") == batch
    assert len(lake.rows("silver/unjudged", "id")) == 500
    assert len(lake.rows("silver/plain", "id")) == 1_000
