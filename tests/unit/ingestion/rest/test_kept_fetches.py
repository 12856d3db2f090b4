"""A fetch that is stopped goes on where it was: no page that was kept is asked for again, and none comes twice."""

from __future__ import annotations

import datetime as dt
import json
import re
import signal
import subprocess
import sys
import threading
import time
from itertools import count
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from rest_api_server import ApiServer, Fault

from lakehouse.ingestion import Limits, NextUrl, PageNumber, Pagination, RestApi, chains_of
from lakehouse.ingestion.rest.keeping import FetchPlan, FetchResult, KeptFetch, fetch_task

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def api_of(server: ApiServer, pagination: Pagination, **limits: int) -> RestApi:
    style, records = ("next", "results") if isinstance(pagination, NextUrl) else ("page", "")
    return RestApi(
        url=server.url,
        endpoints=(f"{style}/orders",),
        records=records,
        pagination=pagination,
        limits=Limits(**{"concurrency": 2, "attempts": 1, **limits}),  # type: ignore[arg-type]
    )


def plan_of(api: RestApi, tasks: int = 1) -> FetchPlan:
    return FetchPlan(tasks=tasks, chains=list(chains_of(api, since=None, tasks=tasks)), begun_at=NOW)


def ids_of(folder: Path, files: list[str]) -> list[int]:
    rows = [row for name in files for row in pq.read_table(folder / name).to_pylist()]
    return sorted(json.loads(row["record"])["id"] for row in rows)


PROGRAM = """
import sys, datetime as dt
from itertools import count
from lakehouse.ingestion import Limits, NextUrl, PageNumber, RestApi, chains_of
from lakehouse.ingestion.rest.keeping import FetchPlan, KeptFetch, fetch_task
{imports}
api = {api!r}
plan = FetchPlan(tasks=1, chains=list(chains_of(api, since=None, tasks=1)), begun_at=dt.datetime.now(dt.UTC))
kept = KeptFetch({folder!r})
fetch_task(api, kept.plan(plan), kept, 0, clock=count(0, 10).__next__)
"""


@pytest.mark.parametrize("pagination", [PageNumber(), NextUrl(next="next")], ids=["numbered", "linked"])
def test_a_fetch_whose_process_is_killed_goes_on_without_what_it_kept(
    server: ApiServer, tmp_path: Path, pagination: Pagination
) -> None:
    gate = threading.Event()
    held = re.compile(r"page=(?:[6-9]|1\d)|from=[5-9]")
    server.before_answer = lambda target: (gate.wait(60), None)[1] if held.search(target) else None
    api = api_of(server, pagination)
    names = "from lakehouse.ingestion import OnePage, NoAuth"
    child = subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(api=api, folder=str(tmp_path), imports=names)]
    )
    until = time.monotonic() + 120
    while len(list(tmp_path.glob("pages/*/*.parquet"))) < 5 and time.monotonic() < until:
        time.sleep(0.05)
    child.send_signal(signal.SIGKILL)
    child.wait()
    there = {path.name for path in tmp_path.glob("pages/*/*.parquet")}
    assert ids_of(tmp_path, [f"pages/00000/{name}" for name in there]) == list(range(50))
    gate.set()
    server.before_answer = lambda _target: None
    before = set(server.given)

    kept = KeptFetch(str(tmp_path))
    result = fetch_task(api, kept.plan(plan_of(api, tasks=7)), kept, 0)
    assert (result.records, result.failed) == (95, 0)
    assert ids_of(tmp_path, result.page_files) == list(range(95))
    assert len(before) == 5
    assert {server.given[target] for target in before} == {1}, "what was kept is not asked for again"


def test_two_runs_at_a_time_keep_a_page_twice_and_the_next_one_takes_it_once(
    server: ApiServer, tmp_path: Path
) -> None:
    api = api_of(server, PageNumber())
    plan, kept = plan_of(api), KeptFetch(str(tmp_path))
    once = fetch_task(api, plan, KeptFetch(str(tmp_path / "other")), 0, clock=count(0, 10).__next__)
    first = fetch_task(api, plan, kept, 0)
    for name in once.page_files[2:5]:
        (tmp_path / "pages/00000" / f"0-{Path(name).name}").write_bytes(
            (tmp_path / "other" / name).read_bytes()
        )
    asked = len(server.asked)
    again = fetch_task(api, plan, kept, 0)
    assert len(server.asked) == asked
    assert ids_of(tmp_path, again.page_files) == list(range(95))
    assert (again.records, again.content, again.highest) == (95, first.content, first.highest)


def test_failures_are_asked_for_again_by_the_next_run_and_pages_are_not(
    server: ApiServer, tmp_path: Path
) -> None:
    server.always = {
        "/page/orders?page=3": Fault(status=500, body=b"oops"),
        "/page/orders?page=4": Fault(status=400),
    }
    api = api_of(server, PageNumber())
    kept = KeptFetch(str(tmp_path))
    failed = fetch_task(api, plan_of(api), kept, 0)
    assert (failed.failed, failed.records, len(failed.again)) == (2, 75, 1)
    (file,) = failed.failure_files
    shown = [
        (row["_status"], row["_attempts"], row["_payload"])
        for row in pq.read_table(tmp_path / file).to_pylist()
    ]
    assert sorted(shown) == [(400, 1, '{"error": "not now"}'), (500, 1, "oops")]
    server.always = {}
    good = fetch_task(api, plan_of(api), kept, 0)
    assert (good.failed, good.records) == (0, 95)
    assert ids_of(tmp_path, good.page_files) == list(range(95))
    assert set(server.given.values()) == {1}


def test_of_two_plans_and_two_results_the_first_counts(server: ApiServer, tmp_path: Path) -> None:
    api = api_of(server, PageNumber())
    one, other = KeptFetch(str(tmp_path)), KeptFetch(str(tmp_path))
    assert one.plan(plan_of(api, tasks=2)) == other.plan(plan_of(api, tasks=3)) == plan_of(api, tasks=2)
    results = [
        FetchResult.of([fetch_task(api, plan_of(api, tasks=2), kept, task) for task in range(2)])
        for kept in (one, other)
    ]
    assert one.result() is None
    assert one.finish(results[0]) == other.finish(results[1]) == other.result() == results[0]
    one.discard()
    assert list(tmp_path.rglob("*.*")) == []
    assert one.begun_at() is None
