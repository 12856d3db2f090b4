"""The job that reads an API: every order once, also those that the API gave only when asked again."""

from __future__ import annotations

import runpy
import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from job_programs import ROOT
from pyspark.sql import SparkSession

from lakehouse.pipelines import NothingNew, run_pipeline

pytestmark = [pytest.mark.spark, pytest.mark.slow]


@pytest.fixture
def server() -> Iterator[dict[str, Any]]:
    """The job's server, running; its module's names and its URL."""
    module = runpy.run_path(str(ROOT / "jobs" / "orders_server.py"))
    server = module["serve"](0)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield {**module, "url": f"http://127.0.0.1:{server.server_address[1]}"}
    server.shutdown()
    server.server_close()


def test_the_orders_job_takes_each_entry_once(
    spark: SparkSession, warehouse: Path, server: dict[str, Any]
) -> None:
    pipeline = runpy.run_path(str(ROOT / "jobs" / "orders.py"))["pipeline"]

    def run() -> dict[str, Any]:
        found = run_pipeline(pipeline, spark=spark, warehouse=warehouse, variables={"api": server["url"]})
        return dict(found.outcomes)

    run()
    paid: dict[str, Decimal] = {}
    for path, sign in (("/orders", 1), ("/refunds", -1)):
        for row in server["LISTS"][path]:
            if Decimal(row["amount"]) > 0:
                paid[row["customer"]] = paid.get(row["customer"], Decimal(0)) + sign * Decimal(row["amount"])
    gold = spark.read.format("delta").load(str(warehouse / "gold/paid_by_customer"))
    assert {row.customer: row.paid for row in gold.collect()} == paid
    aside = spark.read.format("delta").load(str(warehouse / "silver/entries_quarantine"))
    assert sorted(row.order_id for row in aside.collect()) == list(range(0, 1_200, 100))
    asked = server["OrdersApi"].asked
    assert max(asked.values()) == 2, "the pages that said 429 were asked for again, and no other"
    assert sum(times == 2 for times in asked.values()) == 3
    assert isinstance(run()["entries_raw"], NothingNew)
