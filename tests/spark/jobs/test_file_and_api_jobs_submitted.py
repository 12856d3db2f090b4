"""The jobs over nested orders and over an API, by spark-submit and by lakehouse run: the same tables."""

from __future__ import annotations

import runpy
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from job_programs import ROOT, SPARK_HOME, environment, ran
from pyspark.sql import SparkSession
from whole_warehouses import differences, names_of

pytestmark = [pytest.mark.spark, pytest.mark.slow, pytest.mark.timeout(2000)]

SUBMIT = [SPARK_HOME / "bin" / "spark-submit", "--master", "local[2]"]
PROPERTIES = ["--properties-file", "conf/spark-defaults.conf"]
RUN = "import sys; from lakehouse.cli import main; sys.exit(main(sys.argv[1:]))"


@pytest.fixture
def api() -> Iterator[str]:
    server = runpy.run_path(str(ROOT / "jobs" / "orders_server.py"))["serve"](0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def submitted_and_run(job: str, name: str, setting: str, folder: Path) -> tuple[Path, Path]:
    """Run the job in both ways, each into a warehouse of its own."""
    submitted, run = folder / "submitted", folder / "run"
    given = ["--set", setting]
    answer = ran([*SUBMIT, *PROPERTIES, f"jobs/{job}", "--warehouse", str(submitted), *given], cwd=ROOT)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    command = [sys.executable, "-c", RUN, "run", name, "--definition", f"jobs/{job}"]
    answer = ran([*command, "--warehouse", str(run), *given], cwd=ROOT, env=environment())
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return submitted, run


def test_nested_orders(spark: SparkSession, tmp_path: Path) -> None:
    submitted, run = submitted_and_run(
        "nested_orders.py", "nested_orders", f"landing={ROOT / 'data' / 'orders'}", tmp_path
    )
    assert "gold/sold_by_article" in names_of(submitted)
    assert differences(spark, submitted, run) == {}


def test_orders_of_an_api(spark: SparkSession, tmp_path: Path, api: str) -> None:
    submitted, run = submitted_and_run("orders.py", "orders", f"api={api}", tmp_path)
    assert "gold/paid_by_customer" in names_of(submitted)
    assert differences(spark, submitted, run) == {}
