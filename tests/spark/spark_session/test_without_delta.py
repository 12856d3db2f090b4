"""The retail pipeline, and tables of every layout, in a session that has none of Delta's jars."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from deltalake import DeltaTable

from lakehouse.delta_log import Snapshot
from tests.spark.pipelines.retail_oracle import expected_of

pytestmark = [pytest.mark.spark, pytest.mark.slow]

ROOT = Path(__file__).parents[3]
DAYS = sorted((ROOT / "data" / "retail").glob("*.csv.gz"))[:2]
PROGRAM = """
import json, runpy, shutil, sys
from pathlib import Path
from lakehouse.pipelines import run_pipeline
from lakehouse.settings import Settings, SparkSettings
from lakehouse.spark_session import SparkSessionFactory
from lakehouse.tables import MergePlan, NativeTable, TableLayout, TransactionId, register_data_source

root, folder, days = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]
conf = {"spark.sql.shuffle.partitions": "2", "spark.default.parallelism": "2"}
spark = SparkSessionFactory(Settings(spark=SparkSettings(master="local[2]", delta=False, conf=conf))).create("plain")
loader = spark._jvm.java.lang.Thread.currentThread().getContextClassLoader()
assert loader.getResource("io/delta/sql/DeltaSparkSessionExtension.class") is None
assert "delta" not in spark.conf.get("spark.sql.catalog.spark_catalog", "")

pipeline = runpy.run_path(str(root / "jobs" / "retail.py"))["pipeline"]
landing = folder / "landing"
landing.mkdir()
statuses = []
for day in days:
    shutil.copy(day, landing)
    result = run_pipeline(
        pipeline, spark=spark, warehouse=folder / "warehouse", variables={"landing": str(landing)}
    )
    statuses.append(result.status)

layout = TableLayout(
    partition_by=("part",),
    properties={"delta.columnMapping.mode": "name", "delta.enableDeletionVectors": "true"},
)
table = NativeTable(spark, str(folder / "laid out"), layout=layout)
pieces = iter(TransactionId(application="test", number=number) for number in range(9))
rows = spark.createDataFrame([(1, "a", "x"), (2, "b", "x"), (3, "a", "x")], "k int, part string, text string")
table.append(rows, transaction=next(pieces))
new = spark.createDataFrame([(2, "b", "new"), (4, "c", "new")], rows.schema)
table.merge(new, MergePlan(keys=("k",)), transaction=next(pieces))
table.delete("k = 3")
added = table.rows_added(after=-1, through=2).collect()

register_data_source(spark)
spark.read.format("lakehouse").load(table.path).write.format("lakehouse").mode("append").save(str(folder / "copy"))
print(json.dumps({"statuses": statuses, "added": sorted(map(tuple, added))}))
"""


def rows_of(path: Path) -> list[dict[str, object]]:
    return DeltaTable(path).to_pyarrow_table().to_pylist()


def test_one_setting_takes_deltas_jars_out_and_every_result_stays(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(ROOT), str(tmp_path), *map(str, DAYS)],
        check=False,
        capture_output=True,
        text=True,
        timeout=600,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr[-4000:]
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["statuses"] == ["ok", "ok"]

    expected, home = expected_of(DAYS), tmp_path / "warehouse"
    assert len(rows_of(home / "bronze/sales_raw")) == expected.raw
    assert len(rows_of(home / "silver/sales")) == expected.sales
    daily = {
        row["day"]: (row["orders"], row["units"], row["revenue"])
        for row in rows_of(home / "gold/daily_revenue")
    }
    assert daily == expected.daily

    left = [[1, "a", "x"], [2, "b", "new"], [4, "c", "new"]]
    assert said["added"] == left
    for name in ("laid out", "copy"):
        rows = Snapshot.load(tmp_path / name).to_arrow().to_pylist()
        assert sorted(list(row.values()) for row in rows) == left
    assert Snapshot.load(tmp_path / "laid out").partition_columns == ("part",)
    shutil.rmtree(tmp_path)
