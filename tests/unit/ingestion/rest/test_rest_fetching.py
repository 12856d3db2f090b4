"""Pages from a real server on loopback: each record once, whatever the server does; no success is asked for again."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import replace
from typing import Any

import pytest
from rest_api_server import ApiServer, Fault

from lakehouse.ingestion import (
    Cursor,
    FailedRequest,
    Limits,
    LinkHeader,
    NextUrl,
    Offset,
    OnePage,
    Page,
    PageNumber,
    PageOutcome,
    Pagination,
    RestApi,
    chains_of,
    fetch,
)

QUICK = Limits(concurrency=4, attempts=3, request_timeout=5)


def api_of(
    server: ApiServer, style: str = "page", pagination: Pagination | None = None, **more: Any
) -> RestApi:
    given = {"endpoints": (f"{style}/orders",), "limits": QUICK, **more}
    return RestApi(url=server.url, pagination=pagination or PageNumber(), **given)


def outcomes_of(api: RestApi, *, tasks: int = 1) -> list[PageOutcome]:
    return list(fetch(api, chains_of(api, since=None, tasks=tasks)))


def ids_of(outcomes: list[PageOutcome]) -> list[int]:
    return sorted(
        json.loads(record)["id"] for each in outcomes if isinstance(each, Page) for record in each.records
    )


def failures_of(outcomes: list[PageOutcome]) -> list[FailedRequest]:
    return [each for each in outcomes if isinstance(each, FailedRequest)]


def workers_now() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("lakehouse-rest")]


@pytest.mark.parametrize("tasks", [1, 3])
@pytest.mark.parametrize(
    ("style", "pagination", "records"),
    [
        ("page", PageNumber(), ""),
        ("page", PageNumber(size=10), ""),
        ("offset", Offset(limit=7), "items"),
        ("offset", Offset(limit=7, total="total"), "items"),
        ("cursor", Cursor(next="meta.next"), "data.items"),
        ("link", LinkHeader(), ""),
        ("next", NextUrl(next="next"), "results"),
        ("whole", OnePage(), ""),
    ],
)
def test_every_pagination_brings_each_record_once(
    server: ApiServer, style: str, pagination: Pagination, records: str, tasks: int
) -> None:
    outcomes = outcomes_of(api_of(server, style, pagination, records=records), tasks=tasks)
    assert ids_of(outcomes) == list(range(95))
    assert failures_of(outcomes) == []
    assert set(server.given.values()) == {1}
    beyond_the_end = len(server.asked) - len({*map(int, ids_of(outcomes))}) / 7
    assert beyond_the_end <= tasks * (QUICK.concurrency + 1)


def test_what_is_transient_is_asked_again_and_nothing_that_succeeded_is(server: ApiServer) -> None:
    at = "/page/orders?page="
    server.faults = {
        f"{at}1": [Fault(reset=True)],
        f"{at}2": [Fault(half=True)],
        f"{at}3": [Fault(status=500), Fault(status=503)],
        f"{at}4": [Fault(delay=1.0)],
        f"{at}5": [Fault(status=429, headers={"Retry-After": "0"})],
        f"{at}6": [Fault(reset=True), Fault(half=True)],
    }
    outcomes = outcomes_of(api_of(server, limits=Limits(concurrency=4, attempts=3, request_timeout=0.5)))
    assert failures_of(outcomes) == []
    assert ids_of(outcomes) == list(range(95))
    attempts = {each.position["page"]: each.attempts for each in outcomes if isinstance(each, Page)}
    assert [attempts[page] for page in range(1, 11)] == [2, 2, 3, 2, 2, 3, 1, 1, 1, 1]
    given = dict(server.given)
    assert given.pop(f"{at}4") <= 2  # the one that came too late, and the one that came
    assert set(given.values()) == {1}


def test_what_is_not_transient_is_asked_once_and_stands_as_a_failure_and_the_rest_goes_on(
    server: ApiServer,
) -> None:
    at = "/page/orders?page="
    server.always = {
        f"{at}2": Fault(status=404, body=b'{"error": "gone"}'),
        f"{at}4": Fault(status=200, body=b'[{"id": 1}, {"id"'),
        f"{at}5": Fault(status=200, body=b'[{"id": "\xff"}]'),
        f"{at}6": Fault(status=500, body=b"oops"),
        f"{at}7": Fault(status=302, headers={"Location": "http://elsewhere/?token=abcdef"}, body=b""),
        f"{at}8": Fault(status=200, body=b"7"),
        f"{at}9": Fault(status=200, body=b"[" * 200_000),
    }
    outcomes = outcomes_of(api_of(server, limits=Limits(concurrency=2, attempts=2)))
    assert ids_of(outcomes) == [n for n in range(95) if n // 10 + 1 in (1, 3, 10)]
    found = {each.position["page"]: each for each in failures_of(outcomes)}
    told = {
        page: (each.status, each.attempts, each.is_transient, each.payload[:20])
        for page, each in found.items()
    }
    assert told == {
        2: (404, 1, False, '{"error": "gone"}'),
        4: (200, 1, False, '[{"id": 1}, {"id"'),
        5: (200, 1, False, '[{"id": "\ufffd"}]'),
        6: (500, 2, True, "oops"),
        7: (302, 1, False, ""),
        8: (200, 1, False, "7"),
        9: (200, 1, False, "[" * 20),
    }
    reasons = {page: each.reason for page, each in found.items()}
    assert reasons[2] == "status 404 Not Found"
    assert reasons[4] == "the reply can't be used: it is not JSON: Input data was truncated"
    assert reasons[5] == "the reply can't be used: it is not UTF-8: byte 9"
    assert reasons[6] == "status 500 Internal Server Error"
    assert "it redirects to 'http://elsewhere/?token=***'" in reasons[7]
    assert "a list is expected, found '7'" in reasons[8]
    assert "it is not JSON" in reasons[9]
    assert found[2].url == f"{server.url}/page/orders?page=2"
    assert len(found[9].payload) == 16_384


def test_a_failed_page_ends_a_list_whose_pages_name_each_other(server: ApiServer) -> None:
    server.always = {"/next/orders?from=30": Fault(status=500)}
    api = api_of(server, "next", NextUrl(next="next"), records="results", limits=Limits(attempts=2))
    outcomes = outcomes_of(api)
    (failure,) = failures_of(outcomes)
    assert ids_of(outcomes) == list(range(30))
    server.always = {}
    (chain,) = chains_of(api, since=None, tasks=1)
    rest = list(fetch(api, [chain.again(failure.position, goes_on=failure.goes_on)]))
    assert ids_of(rest) == list(range(30, 95))
    assert set(server.given.values()) == {1}


def test_a_list_without_an_end_is_told_and_its_records_come_once(server: ApiServer) -> None:
    server.raw = {
        "/same": ({}, b'[{"id": 1}, {"id": 2}]'),
        "/circle": ({}, b'{"items": [{"id": 3}], "next": "/circle?again"}'),
    }
    bounded = Limits(concurrency=4, max_pages=100)
    same = outcomes_of(RestApi(url=server.url, endpoints=("same",), pagination=PageNumber(), limits=bounded))
    assert ids_of(same) == [1, 2]
    assert [each.reason for each in failures_of(same)] == ["it repeats a page that came: the list has no end"]
    circle = RestApi(
        url=server.url, endpoints=("circle",), records="items", pagination=NextUrl(next="next"), limits=QUICK
    )
    outcomes = outcomes_of(circle)
    assert [each.reason for each in failures_of(outcomes)] == [
        "the pages go in a circle: this one came before"
    ]
    assert len(server.asked) < 30
    long = outcomes_of(api_of(server, limits=Limits(max_pages=4)))
    assert ids_of(long) == list(range(40))
    assert [each.reason for each in failures_of(long)] == ["the list has more than max_pages=4"]


def test_a_status_beyond_the_last_page_is_its_end_only_where_it_is_declared(server: ApiServer) -> None:
    server.always = {f"/page/orders?page={n}": Fault(status=404) for n in range(11, 60)}
    server.faults = {"/page/orders?page=3": [Fault(status=404)]}
    declared = outcomes_of(
        api_of(server, pagination=PageNumber(end_status=404), limits=Limits(concurrency=1))
    )
    assert ids_of(declared) == list(range(20)), "the first 404 is the end"
    server.faults = {}
    assert failures_of(outcomes_of(api_of(server, pagination=PageNumber(end_status=404)))) == []
    undeclared = outcomes_of(api_of(server, limits=Limits(concurrency=2)))
    assert ids_of(undeclared) == list(range(95))
    assert [each.status for each in failures_of(undeclared)] == [404] * len(failures_of(undeclared))
    assert 10 <= len(failures_of(undeclared)) <= 12


def test_a_page_of_10_mb_comes_whole_and_one_above_the_bound_is_refused(server: ApiServer) -> None:
    server.raw = {"/big": ({}, json.dumps([{"id": n, "text": "x" * 1000} for n in range(10_000)]).encode())}
    big = RestApi(url=server.url, endpoints=("big",), limits=QUICK)
    assert ids_of(outcomes_of(big)) == list(range(10_000))
    bounded = RestApi(url=server.url, endpoints=("big",), limits=Limits(max_page_bytes=1_000_000))
    (failure,) = failures_of(outcomes_of(bounded))
    assert (failure.reason, failure.attempts) == ("the reply has more than max_page_bytes=1000000", 1)


def test_all_wait_when_the_api_says_so_and_a_wait_that_is_too_long_is_a_failure(server: ApiServer) -> None:
    server.faults = {"/page/orders?page=1": [Fault(status=429, headers={"Retry-After": "1"})]}
    server.latency = 0.05
    outcomes = outcomes_of(api_of(server))
    assert ids_of(outcomes) == list(range(95))
    waits = [b - a for a, b in zip(server.asked_at, server.asked_at[1:], strict=False)]
    assert max(waits) > 0.9
    assert sum(wait > 0.9 for wait in waits) == 1, "one pause, of all"

    server.faults = {"/page/orders?page=2": [Fault(status=503, headers={"Retry-After": "3600"})]}
    (failure,) = failures_of(outcomes_of(api_of(server)))
    assert (failure.attempts, failure.is_transient) == (1, True)
    assert "it asks to wait 3600 seconds, more than longest_wait=60" in failure.reason


def test_the_rate_is_shared_by_the_tasks(server: ApiServer) -> None:
    api = api_of(server, limits=Limits(concurrency=8, requests_per_second=40))
    chains = chains_of(api, since=None, tasks=2)
    started = time.monotonic()
    results: list[PageOutcome] = []
    threads = [
        threading.Thread(target=lambda chain=chain: results.extend(fetch(api, [chain], tasks=2)))
        for chain in chains
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.monotonic() - started
    assert ids_of(results) == list(range(95))
    # Each task makes its first request at once, and each further one a twentieth of a second later at the earliest.
    most = -(-len(server.asked) // 2)
    assert seconds >= (most - 1) / 20


def test_what_is_not_fetched_when_the_time_of_a_task_is_over_fails_and_what_came_is_kept(
    server: ApiServer,
) -> None:
    server.latency = 0.1
    api = api_of(
        server, limits=Limits(concurrency=2, task_timeout=0.25), endpoints=("page/orders", "whole/orders")
    )
    outcomes = outcomes_of(api)
    pages = {(each.chain, each.position["page"]) for each in outcomes if isinstance(each, Page)}
    failures = failures_of(outcomes)
    assert {each.reason for each in failures} == {"task_timeout=0.25 seconds were over"}
    assert all(each.is_transient for each in failures)
    server.latency = 0
    again = [
        chains_of(api, since=None, tasks=1)[each.chain].again(each.position, goes_on=each.goes_on)
        for each in failures
    ]
    patient = replace(api, limits=Limits(concurrency=2))
    rest = [each for chain in again for each in fetch(patient, [chain])]
    assert ids_of([*outcomes, *rest]) == sorted([*range(95), *range(95)])
    assert pages


def test_an_early_stop_leaves_no_request_no_socket_and_no_thread(server: ApiServer) -> None:
    server.latency = 0.05
    outcomes = fetch(api := api_of(server, limits=Limits(concurrency=4)), chains_of(api, since=None, tasks=1))
    next(outcomes)
    assert workers_now() == ["lakehouse-rest"]
    outcomes.close()
    assert workers_now() == []
    until = time.monotonic() + 2
    while server.open_sockets and time.monotonic() < until:
        time.sleep(0.01)
    assert server.open_sockets == 0
    # The server has seen by now what was on its way when the reader stopped.
    asked = len(server.asked)
    time.sleep(3 * server.latency)
    assert len(server.asked) == asked <= 3 * 4 + 1


def test_a_slow_reader_holds_requests_back(server: ApiServer) -> None:
    server.lists = {"orders": [{"id": n} for n in range(2000)]}
    outcomes = fetch(api := api_of(server), chains_of(api, since=None, tasks=1))
    next(outcomes)
    time.sleep(0.5)
    assert len(server.asked) <= 1 + 3 * QUICK.concurrency
    assert len([each for each in outcomes if isinstance(each, Page) and each.records]) == 199
    assert workers_now() == []


def test_an_error_in_a_coroutine_is_raised_where_pages_are_taken(server: ApiServer) -> None:
    class Broken(OnePage):
        def after(self, position: object, reply: object) -> None:
            raise ZeroDivisionError("a bug in a pagination of one's own")

    with pytest.raises(ZeroDivisionError, match="of one's own"):
        outcomes_of(api_of(server, "whole", Broken()))
    assert workers_now() == []


def test_an_event_loop_that_can_not_begin_is_an_error_and_no_wait_for_ever(
    server: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_loop(main: Any) -> None:
        main.close()
        raise OSError(24, "Too many open files")

    monkeypatch.setattr("asyncio.run", no_loop)
    with pytest.raises(OSError, match="Too many open files"):
        outcomes_of(api_of(server))
    assert workers_now() == []
