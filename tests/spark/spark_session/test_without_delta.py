"""The retail pipeline, and tables of every layout and in a store, in a session that has none of Delta's jars."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from deltalake import DeltaTable

from lakehouse.delta_log import Snapshot
from tests.conformance.storage import storage_servers
from tests.conformance.storage.storage_servers import PLACE, S3_ENVIRONMENT
from tests.spark.pipelines.retail_oracle import expected_of

pytestmark = [pytest.mark.spark, pytest.mark.slow, pytest.mark.timeout(3600)]

ROOT = Path(__file__).parents[3]
DAYS = sorted((ROOT / "data" / "retail").glob("*.csv.gz"))[:2]
LINES = 500
SESSION = """
import json, runpy, sys
from pathlib import Path
from lakehouse.pipelines import run_pipeline
from lakehouse.settings import Settings, SparkSettings
from lakehouse.spark_session import SparkSessionFactory
from lakehouse.storage import storage_for
from lakehouse.tables import MergePlan, NativeTable, TableLayout, TransactionId, register_data_source

conf = {"spark.sql.shuffle.partitions": "2", "spark.default.parallelism": "2"}
spark = SparkSessionFactory(Settings(spark=SparkSettings(master="local[2]", delta=False, conf=conf))).create("plain")
loader = spark._jvm.java.lang.Thread.currentThread().getContextClassLoader()
assert loader.getResource("io/delta/sql/DeltaSparkSessionExtension.class") is None
assert "delta" not in spark.conf.get("spark.sql.catalog.spark_catalog", "")
"""
PIPELINE = """
root, landing, warehouse, days = Path(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4:]
pipeline = runpy.run_path(str(root / "jobs" / "retail.py"))["pipeline"]
if "://" not in landing:
    Path(landing).mkdir()
statuses = []
for day in days:
    storage_for(landing).write(Path(day).name, Path(day).read_bytes())
    result = run_pipeline(
        pipeline, spark=spark, warehouse=warehouse, variables={"landing": landing}
    )
    statuses.append(result.status)
print(json.dumps(statuses))
"""
TABLES = """
register_data_source(spark)
layout = TableLayout(
    partition_by=("part",),
    properties={"delta.columnMapping.mode": "name", "delta.enableDeletionVectors": "true"},
)
added = {}
for place in sys.argv[1:]:
    table = NativeTable(spark, place + "/laid-out", layout=layout)
    pieces = iter(TransactionId(application="test", number=number) for number in range(9))
    at_first = [(1, "a", "x"), (2, "b", "x"), (3, "a", "x"), (5, "a", "x")]
    rows = spark.createDataFrame(at_first, "k int, part string, text string")
    table.append(rows, transaction=next(pieces))
    new = spark.createDataFrame([(1, "a", "new"), (4, "c", "new")], rows.schema)
    table.merge(new, MergePlan(keys=("k",)), transaction=next(pieces))
    table.delete("k = 3")
    added[place] = sorted(map(tuple, table.rows_added(after=-1, through=2).collect()))
    copied = spark.read.format("lakehouse").load(table.path)
    copied.write.format("lakehouse").mode("append").save(place + "/copy")
print(json.dumps(added))
"""


def answer_of(program: str, *arguments: object, **environment: str) -> object:
    """Run a program in a session without jars; no test of ours waits for it by the clock."""
    done = subprocess.run(
        [sys.executable, "-c", SESSION + program, *map(str, arguments)],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, **environment, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout.splitlines()[-1])


def rows_of(path: str, **options: str) -> list[dict[str, object]]:
    return DeltaTable(path, storage_options=options).to_pyarrow_table().to_pylist()


def first_lines(day: Path, folder: Path) -> Path:
    """Return a file of that day with its first lines."""
    folder.mkdir(exist_ok=True)
    with gzip.open(day, "rt", encoding="utf-8", newline="") as whole:
        lines = [line for _, line in zip(range(LINES), whole, strict=False)]
    with gzip.open(folder / day.name, "wt", encoding="utf-8", newline="") as short:
        short.writelines(lines)
    return folder / day.name


def test_one_setting_takes_deltas_jars_out_and_every_result_of_retail_stays(tmp_path: Path) -> None:
    days = [first_lines(day, tmp_path / "days") for day in DAYS]
    assert answer_of(PIPELINE, ROOT, tmp_path / "landing", tmp_path / "warehouse", *days) == ["ok", "ok"]
    check_retail(str(tmp_path / "warehouse"), days)


def test_all_of_retail_is_in_a_store_for_which_spark_has_no_jars(tmp_path: Path) -> None:
    days = [first_lines(day, tmp_path / "days") for day in DAYS]
    with storage_servers.moto() as server:
        environment = {**S3_ENVIRONMENT, "AWS_ENDPOINT_URL": server.endpoint, "AWS_ALLOW_HTTP": "true"}
        landing, warehouse = f"s3://{PLACE}/landing", f"s3://{PLACE}/warehouse"
        assert answer_of(PIPELINE, ROOT, landing, warehouse, *days, **environment) == ["ok", "ok"]
        check_retail(warehouse, days, **environment)


def check_retail(warehouse: str, days: Sequence[Path], **environment: str) -> None:
    """See that tables hold, as delta-rs reads them, what plain Python makes of the days."""
    expected = expected_of(days)
    assert len(rows_of(f"{warehouse}/bronze/sales_raw", **environment)) == expected.raw
    assert len(rows_of(f"{warehouse}/silver/sales", **environment)) == expected.sales
    daily = {
        row["day"]: (row["orders"], row["units"], row["revenue"])
        for row in rows_of(f"{warehouse}/gold/daily_revenue", **environment)
    }
    assert daily == expected.daily


def test_tables_of_every_layout_are_written_without_deltas_jars_on_a_disk_and_in_a_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with storage_servers.moto() as server:
        environment = {**S3_ENVIRONMENT, "AWS_ENDPOINT_URL": server.endpoint, "AWS_ALLOW_HTTP": "true"}
        places = [str(tmp_path), f"s3://{PLACE}/lake"]
        left = [[1, "a", "new"], [2, "b", "x"], [4, "c", "new"], [5, "a", "x"]]
        assert answer_of(TABLES, *places, **environment) == dict.fromkeys(places, left)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        for place in places:
            for name in ("laid-out", "copy"):
                read = DeltaTable(f"{place}/{name}", storage_options=environment).version()
                rows = Snapshot.load(f"{place}/{name}").to_arrow().to_pylist()
                assert sorted(list(row.values()) for row in rows) == left
                assert read == Snapshot.load(f"{place}/{name}").version
            laid_out = Snapshot.load(f"{place}/laid-out")
            assert laid_out.partition_columns == ("part",)
            vectors = [each for each in laid_out.files()["deletionVector"].to_pylist() if each is not None]
            assert sum(each["cardinality"] for each in vectors) == 2, (
                "one row by the merge, one by the deletion"
            )
