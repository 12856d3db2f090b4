"""The tables of other projects as Spark reads them: the count beside ours, and no right answer that we lack."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from lakehouse.delta_log import Snapshot
from lakehouse.delta_log.errors import DeltaLogError

sys.path.append(str(Path(__file__).parents[2] / "conformance" / "delta_log"))
from foreign_tables import ForeignTable, foreign_tables, score

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = [pytest.mark.spark, pytest.mark.slow]
VARIABLE = "LAKEHOUSE_CONFORMANCE_DATA"


def test_we_read_what_spark_reads(spark: SparkSession, capsys: pytest.CaptureFixture[str]) -> None:
    folder = os.environ.get(VARIABLE)
    if not folder:
        pytest.skip(f"{VARIABLE} does not name the folder with the tables of other projects")
    tables = foreign_tables(Path(folder))

    def by_spark(table: ForeignTable) -> pa.Table:
        return spark.read.format("delta").load(str(table.path)).toArrow()

    def by_us(table: ForeignTable) -> pa.Table:
        return Snapshot.load(table.path).to_arrow()

    theirs = score("delta-spark", tables, by_spark, (Exception,))
    ours = score("lakehouse", tables, by_us, (DeltaLogError,))
    with capsys.disabled():
        print(f"\n{theirs.report(tables)}\n{ours.report(tables)}")
        for name in sorted(theirs.named("read right") - ours.named("read right")):
            print(f"  read by Spark alone: {name}: {ours.reasons.get(name, 'other rows')[:200]}")
    # Shredded variants are refused here, with that reason.
    alone = theirs.named("read right") - ours.named("read right")
    assert all("variantShredding" in ours.reasons.get(name, "") for name in alone)
    assert ours.named("wrong") == set()
