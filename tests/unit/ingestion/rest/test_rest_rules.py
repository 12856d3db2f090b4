"""Rules of the web and of this package, one by one: headers, waits, turns, and which value is later."""

from __future__ import annotations

import asyncio

import pytest

from lakehouse.ingestion import LinkHeader, NextUrl
from lakehouse.ingestion.errors import UnusableBodyError
from lakehouse.ingestion.rest.access import Masking
from lakehouse.ingestion.rest.declaration import later
from lakehouse.ingestion.rest.fetching.http_errors import seconds_to_wait
from lakehouse.ingestion.rest.fetching.rate_limit import RateLimit
from lakehouse.ingestion.rest.json_body import JsonBody
from lakehouse.ingestion.rest.pagination import Reply


@pytest.mark.parametrize(
    ("header", "url"),
    [
        ('<https://a/b?page=2>; rel="next"', "https://a/b?page=2"),  # RFC 8288, 3.5
        ('<x>; rel="previous"; title="next", </y,z>; REL=next', "/y,z"),
        ('<one>; title="a, <two>; rel=next"; rel="last next"', "one"),
        ('<one>; rel="last"', None),
        ("<one>", None),
        ("nonsense", None),
        ("", None),
    ],
)
def test_the_next_link_is_found_in_the_header(header: str, url: str | None) -> None:
    reply = Reply(url="", body=JsonBody(b"[]"), headers={"link": header}, records=1)
    assert LinkHeader().after({}, reply) == (None if url is None else {"url": url})


@pytest.mark.parametrize("body", [b"{}", b'{"next": null}', b'{"next": ""}', b'{"next": 3}', b"[]"])
def test_a_body_that_names_no_url_is_of_the_last_page(body: bytes) -> None:
    assert NextUrl(next="next").after({}, Reply(url="", body=JsonBody(body), headers={}, records=1)) is None


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        ("1.5", 1.5),
        ("-3", 0.0),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 37.0),  # RFC 9110, 5.6.7; the clock stands at 08:49:00
        ("Sun, 06 Nov 1994 08:48:37 GMT", 0.0),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, seconds: float | None) -> None:
    assert seconds_to_wait(header, now=784111740.0) == seconds


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (None, None, None),
        (None, 3, 3),
        (3, 2.5, 3),
        ("b", "a", "b"),
        ("2026-01-01T01:00:00+02:00", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
        ("2026-01-02", "2026-01-01T23:00:00", "2026-01-02"),
    ],
)
def test_the_later_value_is_found_by_what_it_means(one: object, other: object, expected: object) -> None:
    assert later(one, other) == later(other, one) == expected  # type: ignore[arg-type]


def test_values_of_two_kinds_cant_be_compared() -> None:
    with pytest.raises(UnusableBodyError, match="'a' and 1 of the incremental field can't be compared"):
        later("a", 1)


def test_turns_keep_their_distance_and_wait_while_they_are_held() -> None:
    now = 0.0
    turns: list[float] = []

    async def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    async def take(rate: RateLimit, count: int) -> None:
        for _ in range(count):
            await rate.turn()
            turns.append(round(now, 3))

    rate = RateLimit(4, clock=lambda: now, sleep=sleep)
    asyncio.run(take(rate, 3))
    rate.hold(2)
    asyncio.run(take(rate, 2))
    assert turns == [0, 0.25, 0.5, 2.5, 2.75]
    free = RateLimit(None, clock=lambda: now, sleep=sleep)
    turns.clear()
    asyncio.run(take(free, 2))
    assert turns == [2.75, 2.75]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://u:p@h/a?x=1&api_key=abc&page_token=t", "https://***@h/a?x=1&api_key=***&page_token=t"),
        (
            "https://h/a?X-Amz-Signature=abc&apikey=1&key=2",
            "https://h/a?X-Amz-Signature=***&apikey=***&key=***",
        ),
        (
            "https://h/a?monkey=1&sort_key=2&next_token=3&author=4",
            "https://h/a?monkey=1&sort_key=2&next_token=3&author=4",
        ),
        ("https://h/in/the-value/path?q=the-value", "https://h/in/***/path?q=***"),
    ],
)
def test_a_url_is_shown_without_what_looks_like_a_secret(url: str, shown: str) -> None:
    assert Masking(("the-value",)).url(url) == shown


@pytest.mark.parametrize(
    ("body", "path", "records"),
    [
        ('[{"n": 1.10}, {"n": 12345678901234567890}]', "", ['{"n": 1.10}', '{"n": 12345678901234567890}']),
        ('{"a": {"b": [ {"x": "\\u00e9"} , 3]}}', "a.b", ['{"x": "\\u00e9"}', "3"]),
        ('{"a": null}', "a", []),
        (' {"one": 1} ', "", ['{"one": 1}']),
        ("null", "", []),
    ],
)
def test_records_stay_the_text_that_came(body: str, path: str, records: list[str]) -> None:
    assert list(JsonBody(body.encode()).records(path)) == records


@pytest.mark.parametrize(
    ("body", "path", "message"),
    [
        ('{"data": []}', "items", "it has no 'items': at 'items' there is 'data'"),
        ('{"data": []}', "data.items", "it has no 'data.items': at 'items' there is nothing"),
        ('{"data": "text"}', "data", "at 'data' a list is expected, found '\"text\"'"),
        ("", "", "it is not JSON: Input data was truncated"),
        ("NaN", "", "it is not JSON: JSON is malformed"),
    ],
)
def test_a_body_that_is_not_as_declared_says_why(body: str, path: str, message: str) -> None:
    with pytest.raises(UnusableBodyError) as refused:
        JsonBody(body.encode()).records(path)
    assert message in str(refused.value)
