"""Tables from an API on loopback: each record once whatever happens, failures in the quarantine, no secret anywhere."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession
from rest_api_server import ApiServer, Fault

from lakehouse.ingestion import (
    Bearer,
    Incremental,
    Limits,
    MissingSecretError,
    NextUrl,
    PageNumber,
    TooManyFailuresError,
)
from lakehouse.pipelines import (
    DeclarativePipelineBuilder,
    Failed,
    Flow,
    NothingNew,
    PipelineDefinition,
    Refreshed,
    RunListener,
    RunResult,
    from_rest,
    read_yaml_definition,
    run_pipeline,
)
from tests.stopping import StopAfter
from tests.stored_rows import stored_rows

pytestmark = pytest.mark.spark

SECRET = "t0k3n-nobody-reads"
LIMITS = Limits(concurrency=4, attempts=2, max_failure_ratio=0.2)
NEW = Incremental(field="updated_at", parameter="after")
COLUMNS = {"id": "bigint", "updated_at": "string"}


@pytest.fixture
def api(tmp_path: Path) -> Iterator[ApiServer]:
    (tmp_path / "token").write_text(SECRET)
    server = ApiServer({"orders": orders(0, 95)})
    server.token = SECRET
    server.place = f"file:{tmp_path / 'token'}"
    with server.running():
        yield server


def orders(first: int, end: int) -> list[dict[str, Any]]:
    return [
        {"id": n, "updated_at": f"2026-01-{1 + n // 10:02}T{n % 10:02}:00:00Z"} for n in range(first, end)
    ]


class Lake:
    """A warehouse that one pipeline fills."""

    def __init__(self, spark: SparkSession, warehouse: Path) -> None:
        self.spark = spark
        self.warehouse = warehouse

    def run(self, definition: PipelineDefinition | Flow, *, listener: RunListener | None = None) -> RunResult:
        if isinstance(definition, Flow):
            definition = DeclarativePipelineBuilder("shop").bronze("orders", definition).build()
        return run_pipeline(definition, spark=self.spark, warehouse=self.warehouse, listener=listener)

    def rows(self, table: str, *columns: str) -> list[Any]:
        return sorted(stored_rows(self.spark, self.warehouse / table, *columns), key=repr)

    def ids(self) -> list[int]:
        return sorted(row[0] for row in self.rows("bronze/orders", "id"))

    def commits(self, table: str = "bronze/orders") -> int:
        return len(list((self.warehouse / table / "_delta_log").glob("*.json")))

    def texts(self) -> str:
        """All that is written beside the data: logs, batches, events, kept pages."""
        files = [path for path in self.warehouse.rglob("*") if path.is_file()]
        return "\n".join(path.read_bytes().decode("utf-8", "replace") for path in files)


@pytest.fixture
def lake(spark: SparkSession, warehouse: Path) -> Lake:
    return Lake(spark, warehouse)


def flow_of(api: ApiServer, **more: Any) -> Flow:
    given = {
        "pagination": PageNumber(),
        "endpoints": ("page/orders",),
        "incremental": NEW,
        "limits": LIMITS,
        **more,
    }
    return from_rest(api.url, schema=COLUMNS, auth=Bearer(secret=api.place), **given).append()


def test_an_incremental_list_comes_once_its_failures_are_set_aside_and_come_later(
    api: ApiServer, lake: Lake
) -> None:
    api.always = {
        "/page/orders?page=3": Fault(status=503, body=f"{SECRET} is busy".encode()),
        "/page/orders?page=7": Fault(status=404, body=b"gone"),
    }
    first = lake.run(flow_of(api)).outcomes["orders"]
    assert isinstance(first, Refreshed)
    refresh = first.refreshes[0]
    assert refresh.details["requests_failed"] == 2
    assert refresh.inputs == {"url": api.url, "since": None, "until": "2026-01-10T04:00:00Z"}
    assert lake.ids() == [n for n in range(95) if n // 10 not in (2, 6)]
    aside = lake.rows(
        "bronze/orders_quarantine", "_source_url", "_status", "_attempts", "_payload", "_errors", "id"
    )
    url, rule = f"{api.url}/page/orders?page", "fetched_request"
    assert aside == [
        (f"{url}=3", 503, 2, "*** is busy", [(rule, "status 503 Service Unavailable")], None),
        (f"{url}=7", 404, 1, "gone", [(rule, "status 404 Not Found")], None),
    ]

    # What may do better is asked for again, with what is new; what can't is not.
    api.always = {}
    api.lists = {"orders": orders(0, 120)}
    asked = len(api.asked)
    assert isinstance(lake.run(flow_of(api)).outcomes["orders"], Refreshed)
    assert lake.ids() == [n for n in range(120) if n // 10 != 6]
    assert "/page/orders?page=3" in api.asked[asked:]
    assert "/page/orders?page=7" not in api.asked[asked:]
    others = [target for target in api.asked[asked:] if target != "/page/orders?page=3"]
    assert all("after=2026-01-10T04%3A00%3A00Z" in target for target in others)
    assert len(lake.rows("bronze/orders_quarantine", "_status")) == 2

    # Nothing new: no commit, and no pages left behind but those of the last batch.
    commits = lake.commits()
    assert isinstance(lake.run(flow_of(api)).outcomes["orders"], NothingNew)
    assert lake.commits() == commits
    polls = [target for target in api.given if "after=2026-01-12T09" in target]
    assert {times for target, times in api.given.items() if target not in polls} == {1}
    kept = {path.parts[-4] for path in lake.warehouse.rglob("pages/*/*.parquet")}
    assert len(kept) == 1, "the pages of the last batch"
    assert SECRET not in lake.texts() + repr(flow_of(api))


def test_a_run_that_stops_is_finished_without_another_request(api: ApiServer, lake: Lake) -> None:
    assert isinstance(lake.run(flow_of(api), listener=StopAfter("validate")).outcomes["orders"], Failed)
    asked = len(api.asked)
    api.lists = {"orders": orders(0, 110)}
    lake.run(flow_of(api))
    assert lake.ids() == list(range(110))
    assert len(api.asked[asked:]) > 0
    assert all("after=" in target for target in api.asked[asked:]), "only what is new is asked for"
    assert set(api.given.values()) == {1}


def test_too_many_failures_fail_the_run_and_the_next_one_asks_only_for_them(
    api: ApiServer, lake: Lake
) -> None:
    api.always = {f"/page/orders?page={n}": Fault(status=500, body=SECRET.encode()) for n in (2, 3, 4, 5, 6)}
    failed = lake.run(flow_of(api)).outcomes["orders"]
    assert isinstance(failed, Failed)
    assert isinstance(failed.error, TooManyFailuresError)
    assert SECRET not in str(failed.error)
    assert "failed, more than max_failure_ratio=0.2 allows; the first: " in str(failed.error)
    assert not (lake.warehouse / "bronze/orders/_delta_log").exists()
    api.always = {}
    lake.run(flow_of(api))
    assert lake.ids() == list(range(95))
    assert set(api.given.values()) == {1}
    api.token = "another"
    refused = lake.run(flow_of(api)).outcomes["orders"]
    assert isinstance(refused, Failed)
    assert "status 401 Unauthorized" in str(refused.error)
    api.place = "file:/not/there"
    missing = lake.run(flow_of(api)).outcomes["orders"]
    assert isinstance(missing, Failed)
    assert isinstance(missing.error, MissingSecretError)
    assert "the secret 'file:/not/there' is missing or empty" in str(missing.error)


def test_pages_that_were_deleted_before_their_batch_was_taken_are_fetched_again(
    api: ApiServer, lake: Lake
) -> None:
    lake.run(flow_of(api), listener=StopAfter("batch"))
    for path in lake.warehouse.rglob("_lakehouse_staging/**/*.*"):
        path.unlink()
    lake.run(flow_of(api))
    assert lake.ids() == list(range(95))
    assert lake.commits() == 1


YAML = """
name: shop
variables: {{api: "{url}"}}
schemas:
  order: {{id: bigint, tags: array<string>, customer: "struct<name: string, since: date>", price: "decimal(10,2)"}}
tables:
  - name: orders
    layer: bronze
    flow:
      from_rest:
        url: ${{api}}
        endpoints: [made, next/orders]
        records: results
        schema: order
        pagination: {{next_url: {{next: next}}}}
        auth: {{bearer: {{secret: "{place}"}}}}
        limits: {{concurrency: 2, max_failure_ratio: 0.0, tasks: 3}}
    write: replace
"""


def test_a_whole_list_in_yaml_has_its_types_and_loses_nothing_of_a_record(
    api: ApiServer, lake: Lake, tmp_path: Path
) -> None:
    made = [
        {"id": 1, "tags": ["a", "b"], "customer": {"name": "Ann", "since": "2020-02-03"}, "price": 1.25},
        {"id": "two", "price": 2},
        {"id": 3, "extra": {"deep": [1, None]}, "Other": "x", "gone": None},
        7,
    ]
    api.raw = {"/made": ({}, json.dumps({"results": made}).encode())}
    api.lists = {"orders": [{"id": 100}]}
    file = tmp_path / "shop.yaml"
    file.write_text(YAML.format(url=api.url, place=api.place))
    definition = read_yaml_definition(file)
    built = from_rest(
        "${api}",
        endpoints=["made", "next/orders"],
        records="results",
        schema={
            "id": "bigint",
            "tags": "array<string>",
            "customer": "struct<name: string, since: date>",
            "price": "decimal(10,2)",
        },
        pagination=NextUrl(next="next"),
        auth=Bearer(secret=api.place),
        limits=Limits(concurrency=2, max_failure_ratio=0.0, tasks=3),
    ).replace()
    assert definition.tables[0].flow == built
    lake.run(definition)
    rows = lake.rows("bronze/orders", "id", "tags", "customer", "price", "_rescued_data", "_source_url")
    bad = '{"_malformed_record":"%s"}'
    assert rows == sorted(
        [
            (1, ["a", "b"], ("Ann", dt.date(2020, 2, 3)), Decimal("1.25"), None, f"{api.url}/made"),
            (
                None,
                None,
                None,
                Decimal("2.00"),
                bad % '{\\"id\\": \\"two\\", \\"price\\": 2}',
                f"{api.url}/made",
            ),
            (3, None, None, None, '{"extra":"{\\"deep\\":[1,null]}","Other":"x"}', f"{api.url}/made"),
            (None, None, None, None, bad % "7", f"{api.url}/made"),
            (100, None, None, None, None, f"{api.url}/next/orders"),
        ],
        key=repr,
    )
    assert isinstance(lake.run(definition).outcomes["orders"], NothingNew), (
        "the same records, in whatever order"
    )
    api.lists = {"orders": [{"id": 101}]}
    lake.run(definition)
    assert sorted(row[0] or 0 for row in lake.rows("bronze/orders", "id")) == [0, 0, 1, 3, 101]
