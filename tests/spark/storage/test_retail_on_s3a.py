"""The retail pipeline with its tables on s3a://, from the command line, against plain Python and delta-rs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from tests.conformance.storage import storage_servers
from tests.conformance.storage.storage_servers import PLACE, S3_ENVIRONMENT, Server
from tests.spark.pipelines.retail_oracle import Expected, expected_of

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(
        "LAKEHOUSE_TEST_S3A" not in os.environ,
        reason="Spark needs Amazon's bundle of 686 MB for s3a; LAKEHOUSE_TEST_S3A=1 lets it be fetched",
    ),
]

ROOT = Path(__file__).parents[3]
DAYS = sorted((ROOT / "data" / "retail").glob("*.csv.gz"))
ENVIRONMENT = """\
spark:
  master: local[2]
  conf:
    spark.jars.packages: io.delta:delta-spark_4.2_2.13:4.4.0,org.apache.hadoop:hadoop-aws:3.5.0
    spark.sql.shuffle.partitions: 2
warehouse: s3a://{bucket}/warehouse
storage:
  kind: s3
  bucket: {bucket}
  endpoint: {endpoint}
"""


class Project:
    """A folder with one environment, in which the pipeline runs from the command line."""

    def __init__(self, folder: Path, server: Server) -> None:
        self.folder = folder
        self.environment = {"AWS_ENDPOINT_URL": server.endpoint}
        conf = folder / "conf" / "environments" / "s3.yaml"
        conf.parent.mkdir(parents=True)
        conf.write_text(ENVIRONMENT.format(bucket=PLACE, endpoint=server.endpoint))

    def run(self, *arguments: str) -> list[dict[str, object]]:
        # A run knows its server by the environment's settings; cp and ls by the variable that all of AWS's
        # tools know.
        where = self.environment if arguments[0] in {"cp", "ls"} else {}
        code = "import sys; from lakehouse.cli import main; sys.exit(main(sys.argv[1:]))"
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            cwd=self.folder,
            env={**os.environ, **S3_ENVIRONMENT, **where, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
        return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]

    def land(self, day: Path) -> None:
        self.run("cp", str(day), f"s3://{PLACE}/landing/")

    def refresh(self) -> None:
        definition, landing = str(ROOT / "jobs" / "retail.py"), f"landing=s3a://{PLACE}/landing"
        self.run("run", "retail", "--env", "s3", "--definition", definition, "--set", landing)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with storage_servers.moto() as started:
        yield started


@pytest.fixture(scope="module")
def project(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Thirteen days in one run, the last one in another, and a third run with nothing new."""
    made = Project(tmp_path_factory.mktemp("project"), server)
    for day in DAYS[:-1]:
        made.land(day)
    made.refresh()
    made.land(DAYS[-1])
    made.refresh()
    made.refresh()
    return made


@pytest.fixture(scope="module")
def expected() -> Expected:
    return expected_of(DAYS)


def rows(server: Server, table: str) -> list[dict[str, object]]:
    """Read a table by delta-rs, which shares no code with Spark or with us."""
    deltalake = pytest.importorskip("deltalake")
    options = {**S3_ENVIRONMENT, "AWS_ENDPOINT_URL": server.endpoint, "AWS_ALLOW_HTTP": "true"}
    found = deltalake.DeltaTable(f"s3://{PLACE}/warehouse/{table}", storage_options=options)
    listed: list[dict[str, object]] = found.to_pyarrow_table().to_pylist()
    return listed


def test_every_row_is_there_once(project: Project, server: Server, expected: Expected) -> None:
    assert len(rows(server, "bronze/sales_raw")) == expected.raw
    assert len(rows(server, "silver/sales")) == expected.sales
    assert len(rows(server, "silver/sales_quarantine")) == expected.quarantined


def test_daily_revenue_is_right_to_the_last_digit(
    project: Project, server: Server, expected: Expected
) -> None:
    found = {
        row["day"]: (row["orders"], row["units"], row["revenue"])
        for row in rows(server, "gold/daily_revenue")
    }
    assert found == {
        day: (orders, units, Decimal(revenue)) for day, (orders, units, revenue) in expected.daily.items()
    }


def test_the_command_line_sees_the_same_place(project: Project, server: Server) -> None:
    listed = project.run("ls", "--json", f"s3a://{PLACE}/warehouse/gold/daily_revenue/_delta_log")
    assert [item["key"] for item in listed if str(item["key"]).endswith(".json")] == [
        f"{version:020}.json" for version in range(2)
    ]


def test_the_history_of_the_runs_is_read_from_the_bucket(project: Project) -> None:
    project.run("history", "--env", "s3", "--json")
