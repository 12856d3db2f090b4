"""A secret is read where requests are made, and is in no text that anybody sees."""

from __future__ import annotations

import logging
import pickle
import traceback
from pathlib import Path
from typing import Any

import pytest
from rest_api_server import ApiServer, Fault

from lakehouse.errors import LakehouseError
from lakehouse.ingestion import (
    ApiKey,
    Auth,
    Basic,
    Bearer,
    FailedRequest,
    InvalidApiError,
    Limits,
    MissingSecretError,
    Page,
    RestApi,
    chains_of,
    fetch,
    rest_api,
)

SECRET = "s3cr3t/+value&more"
WRITTEN = (SECRET, "s3cr3t%2F%2Bvalue%26more", "dXNlcjpzM2NyM3QvK3ZhbHVlJm1vcmU=")


@pytest.fixture(params=["env", "file"])
def place(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """Where the secret stands."""
    if request.param == "env":
        monkeypatch.setenv("API_SECRET", SECRET)
        return "env:API_SECRET"
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    return f"file:{tmp_path / 'secret'}"


@pytest.mark.parametrize("kind", ["bearer", "basic", "header", "parameter"])
def test_a_secret_goes_to_the_api_and_is_in_no_declaration_outcome_log_or_error(
    server: ApiServer, place: str, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    auth: Auth = {
        "bearer": Bearer(secret=place),
        "basic": Basic(user="user", secret=place),
        "header": ApiKey(header="X-Api-Key", secret=place),
        "parameter": ApiKey(parameter="api_key", secret=place),
    }[kind]
    said = WRITTEN if kind == "basic" else WRITTEN[:2]
    echo = f'{{"error": "you said {" and ".join(said)}"}}'.encode()
    server.always = {
        target: Fault(status=status, body=echo)
        for status, target in [
            (403, "/whole/bad?api_key=s3cr3t%2F%2Bvalue%26more"), (403, "/whole/bad"),
            (500, "/whole/worse?api_key=s3cr3t%2F%2Bvalue%26more"), (500, "/whole/worse"),
            (200, "/whole/odd?api_key=s3cr3t%2F%2Bvalue%26more"), (200, "/whole/odd"),
        ]
    }  # fmt: skip
    api = RestApi(
        url=server.url,
        endpoints=("whole/orders", "whole/bad", "whole/worse", "whole/odd"),
        auth=auth,
        limits=Limits(attempts=2),
    )
    outcomes = list(fetch(api, chains_of(api, since=None, tasks=1)))
    sent = {
        "bearer": lambda: server.headers[0]["authorization"] == f"Bearer {SECRET}",
        "basic": lambda: server.headers[0]["authorization"] == f"Basic {WRITTEN[2]}",
        "header": lambda: server.headers[0]["x-api-key"] == SECRET,
        "parameter": lambda: server.asked[0].endswith(f"?api_key={WRITTEN[1]}"),
    }
    assert sent[kind]()
    assert sum(isinstance(each, Page) for each in outcomes) == 2
    assert {each.status for each in outcomes if isinstance(each, FailedRequest)} == {403, 500}
    seen = [
        repr(api),
        str(api),
        repr(pickle.dumps(api)),
        repr([o for o in outcomes if isinstance(o, FailedRequest)]),
    ]
    seen += [each.url for each in outcomes if isinstance(each, Page)]
    seen += [f"{record.getMessage()} {record.__dict__}" for record in caplog.records]
    assert any("HTTP Request" in text for text in seen), "httpx logs what it asks for"
    for text in seen:
        assert not any(written in text for written in WRITTEN), text


def test_a_missing_secret_is_told_by_its_place(server: ApiServer, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    for place in ("env:NOT_SET", f"file:{tmp_path}/nothing", f"file:{tmp_path}/empty"):
        api = RestApi(url=server.url, auth=Bearer(secret=place))
        with pytest.raises(
            MissingSecretError, match=r"is missing or empty on this machine.*Fix: set the variable"
        ):
            list(fetch(api, chains_of(api, since=None, tasks=1)))
    assert server.asked == []


def test_a_secret_given_by_its_value_is_refused_without_being_repeated(server: ApiServer) -> None:
    literal = "sk-live-0123456789"
    api = RestApi(url=server.url, auth=Bearer(secret=literal), parameters={"api_key": literal})
    problems = list(api.problems())
    assert [str(each) for each in problems] == [
        "'api_key' is a secret by its name, and would stand in plans and logs."
        " Fix: declare it as auth: ApiKey(parameter or header='api_key', secret='env:NAME').",
        "a secret is given by its value, or not at all."
        " Fix: name the place where it stands: env:NAME or file:/path.",
    ]
    assert literal not in repr(api.auth)
    with pytest.raises(InvalidApiError) as refused:
        list(fetch(api, chains_of(api, since=None, tasks=1)))
    assert literal not in "".join(traceback.format_exception(refused.value))
    for auth in (literal, {literal: {}}, [literal]):
        with pytest.raises(InvalidApiError) as unknown:
            rest_api({"url": server.url, "auth": auth})
        assert literal not in str(unknown.value)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({}, "an API has no URL"),
        ({"url": "http://a", "endpoint": "x"}, "an API has no 'endpoint'. Fix: did you mean 'endpoints'?"),
        (
            {"url": "http://a", "pagination": {"page": {"sise": 3}}},
            "pagination.page has no option 'sise'. Fix: did",
        ),
        (
            {"url": "http://a", "pagination": {"page": {"size": "x"}}},
            "pagination.page can't be read: Expected `int",
        ),
        (
            {"url": "http://a", "pagination": "pages"},
            "the word after pagination is unknown. Fix: use one of cursor,",
        ),
        ({"url": "http://a", "limits": {"concurrency": []}}, "limits can't be read"),
    ],
)
def test_a_declaration_in_plain_values_is_refused_with_its_place(given: dict[str, Any], problem: str) -> None:
    with pytest.raises(LakehouseError) as refused:
        rest_api(given)
    assert problem in str(refused.value)


def test_a_declaration_that_cant_be_asked_has_its_problems() -> None:
    api = RestApi(
        url="ftp://user:word@host",
        endpoints=(),
        auth=ApiKey(secret="env:KEY"),
        limits=Limits(concurrency=0, requests_per_second=0, max_failure_ratio=2),
    )
    assert [each.problem for each in api.problems()] == [
        "'ftp://user:word@host' is no URL of an API",
        "the URL of an API holds a user or a password",
        "an API has no endpoints",
        "it is not said where the API's key goes",
        "concurrency is 0",
        "requests_per_second is 0",
        "max_failure_ratio is 2",
    ]


def test_credentials_go_to_no_other_host(server: ApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_SECRET", SECRET)
    with ApiServer().running() as other:
        server.raw = {
            "/list": ({}, f'{{"items": [{{"id": 1}}], "next": "{other.url}/steal?token=a1b2c3"}}'.encode())
        }
        api = rest_api(
            {
                "url": server.url,
                "endpoints": ["list"],
                "records": "items",
                "pagination": {"next_url": {"next": "next"}},
                "auth": {"bearer": {"secret": "env:API_SECRET"}},
            }
        )
        page, failure = fetch(api, chains_of(api, since=None, tasks=1))
        assert other.asked == []
    assert isinstance(page, Page)
    assert isinstance(failure, FailedRequest)
    assert "the next page is on another host, where credentials must not go" in failure.reason
    assert failure.url == f"{other.url}/steal?token=***"
