"""Retries and the questions after a lost answer, with a scripted client and a clock of the test's own."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from lakehouse.errors import StorageError
from lakehouse.storage import (
    AccessDeniedError,
    AlreadyThere,
    Changed,
    Created,
    NotFoundError,
    NotThere,
    ObjectChangedError,
    ObjectStat,
    ObjectStorageService,
    OutcomeUnknownError,
    Replaced,
    RetryPolicy,
    ThrottledError,
    UnreachableError,
)
from lakehouse.storage.object_client import Found, Part
from lakehouse.storage.object_steps import ObjectSteps

POLICY = RetryPolicy(
    within_seconds=10, request_timeout_seconds=2, first_pause_seconds=0.1, longest_pause_seconds=1
)
AT = {"store": "scripted", "key": "key", "action": "write"}
BUSY, AWAY = ThrottledError(**AT), UnreachableError(**AT)
DENIED = AccessDeniedError(**AT)
TAKEN = None


class Mine:
    """In a script: the object carries the mark of whoever puts."""

    def __init__(self, etag: str = "new") -> None:
        self.etag = etag


class ScriptedClient:
    """Answers request after request from a script, and lets the clock run."""

    def __init__(self, script: list[Any], *, request_seconds: float = 0.0) -> None:
        self.script = iter(script)
        self.asked: list[str] = []
        self.pauses: list[float] = []
        self.now = 1000.0
        self._request_seconds = request_seconds
        self.write_id = ""

    def _next(self, request: str) -> Any:
        self.asked.append(request)
        self.now += self._request_seconds
        answer = next(self.script)
        if isinstance(answer, Exception):
            raise answer
        return found("key", answer.etag, self.write_id) if isinstance(answer, Mine) else answer

    def get(self, key: str) -> bytes:
        return self._next("get")

    def get_part(self, key: str, start: int, length: int, *, etag: str) -> Part:
        return self._next(f"get_part {start} {etag}")

    def head(self, key: str) -> Found | None:
        return self._next(f"head {key}" if key != "key" else "head")

    def put(self, key: str, body: bytes) -> str:
        return self._next("put")

    def put_if(self, key: str, body: bytes, *, etag: str, write_id: str) -> str | None:
        assert self.write_id in {"", write_id}, "every try of one put carries the same mark"
        self.write_id = write_id
        return self._next("put_if")

    def copy(self, source: str, target: str) -> None:
        return self._next("copy")

    def delete(self, key: str) -> None:
        return self._next("delete")

    def list(self, folder: str, *, start_after: str) -> list[ObjectStat]:
        return self._next("list")

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


def found(key: str, etag: str, write_id: str, size_bytes: int = 1) -> Found:
    stat = ObjectStat(key=key, size_bytes=size_bytes, modified_ms=0, etag=etag)
    return Found(stat=stat, write_id=write_id)


def service(client: ScriptedClient) -> ObjectStorageService:
    steps = ObjectSteps(store="scripted", policy=POLICY, clock=lambda: client.now)
    return ObjectStorageService(client, steps=steps, root_uri="s3a://bucket")


THEIRS = found("key", "theirs", "another's mark")
OLD = found("key", "old", "somebody's mark")


@pytest.mark.parametrize(
    ("script", "asked"),
    [
        (["etag"], "put_if"),
        ([AWAY, Mine()], "put_if head"),
        ([TAKEN, Mine()], "put_if head"),
        ([BUSY, None, "etag"], "put_if head put_if"),
        ([AWAY, None, "etag"], "put_if head put_if"),
        ([AWAY, None, TAKEN, Mine()], "put_if head put_if head"),
        ([TAKEN, None, "etag"], "put_if head put_if"),
        ([AWAY, AWAY, BUSY, Mine()], "put_if head head head"),
    ],
)
def test_a_put_that_won_is_found_out_by_its_mark(script: list[Any], asked: str) -> None:
    client = ScriptedClient(script)
    assert isinstance(service(client).put_if_absent("key", b"body"), Created)
    assert client.asked == asked.split()


@pytest.mark.parametrize("script", [[TAKEN, THEIRS], [AWAY, THEIRS], [BUSY, None, AWAY, None, TAKEN, THEIRS]])
def test_a_put_that_lost_is_found_out_by_the_others_mark(script: list[Any]) -> None:
    assert service(ScriptedClient(script)).put_if_absent("key", b"body") == AlreadyThere(key="key")


def test_a_put_whose_outcome_nobody_can_tell_says_so_and_can_be_settled_later() -> None:
    client = ScriptedClient([AWAY] * 1000)
    with pytest.raises(OutcomeUnknownError, match=r"scripted.*'key'.*Fix: .*settle") as caught:
        service(client).put_if_absent("key", b"body")
    assert caught.value.write_id == client.write_id
    for answer, outcome in ((THEIRS, AlreadyThere), (Mine(), Created), (None, NotThere)):
        client.script = iter([answer])
        assert isinstance(service(client).settle("key", caught.value.write_id), outcome)


@pytest.mark.parametrize(
    ("script", "error"),
    [
        (itertools.cycle([AWAY, None]), OutcomeUnknownError),
        (itertools.cycle([BUSY, None]), ThrottledError),
        (itertools.cycle([TAKEN, None]), ThrottledError),
        ([BUSY, DENIED], ThrottledError),
        ([TAKEN, DENIED], OutcomeUnknownError),
        ([AWAY, DENIED], OutcomeUnknownError),
        ([DENIED], AccessDeniedError),
    ],
)
def test_a_put_ends_with_what_is_known_for_sure(script: Any, error: type[StorageError]) -> None:
    client = ScriptedClient(script)
    with pytest.raises(error) as caught:
        service(client).put_if_absent("key", b"body")
    assert caught.value.key == "key"
    assert client.now - 1000 <= POLICY.within_seconds


@pytest.mark.parametrize(
    ("script", "outcome"),
    [
        (["etag"], Replaced),
        ([AWAY, Mine()], Replaced),
        ([TAKEN, Mine()], Replaced),
        ([AWAY, OLD, "etag"], Replaced),
        ([TAKEN, OLD, "etag"], Replaced),
        ([TAKEN, THEIRS], Changed),
        ([TAKEN, None], Changed),
        ([BUSY, THEIRS], Changed),
    ],
)
def test_a_replace_is_judged_by_mark_and_etag(script: list[Any], outcome: type) -> None:
    assert isinstance(service(ScriptedClient(script)).replace("key", b"body", etag="old"), outcome)


@pytest.mark.parametrize("there", [THEIRS, None])
def test_a_replace_that_may_have_been_built_upon_is_not_called_lost(there: Found | None) -> None:
    with pytest.raises(OutcomeUnknownError, match="replace 'key'"):
        service(ScriptedClient([AWAY, there])).replace("key", b"body", etag="old")


CALLS = {
    "get": (lambda store: store.read("key"), b"body"),
    "get_part": (
        lambda store: store.read_range("key", 0, 1),
        Part(body=b"b", etag="e", size_bytes=4),
    ),
    "head": (lambda store: store.stat("key"), found("key", "e", "")),
    "put": (lambda store: store.write("key", b"body"), "etag"),
    "delete": (lambda store: store.delete("key"), None),
    "list": (lambda store: list(store.list()), []),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("trouble", [BUSY, AWAY])
def test_a_call_is_retried_while_the_store_is_busy_or_away(call: str, trouble: StorageError) -> None:
    ask, answer = CALLS[call]
    client = ScriptedClient([trouble] * 3 + [answer])
    ask(service(client))
    assert len(client.asked) == 4
    assert len(client.pauses) == 3


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("trouble", [BUSY, AWAY])
def test_retries_end_in_time_with_the_last_error(call: str, trouble: StorageError) -> None:
    client = ScriptedClient([trouble] * 10_000, request_seconds=POLICY.request_timeout_seconds)
    with pytest.raises(type(trouble), match=r"'key'.*Fix:"):
        CALLS[call][0](service(client))
    spent = client.now - 1000
    assert POLICY.within_seconds / 2 < spent <= POLICY.within_seconds + POLICY.request_timeout_seconds


@pytest.mark.parametrize("error", [DENIED, NotFoundError(store="scripted", key="key")])
def test_an_error_that_a_retry_can_not_cure_is_raised_at_once(error: StorageError) -> None:
    client = ScriptedClient([error])
    with pytest.raises(type(error)):
        service(client).read("key")
    assert client.pauses == []


def test_pauses_are_random_below_a_bound_that_doubles_up_to_a_limit() -> None:
    for attempt, bound in enumerate([0.1, 0.2, 0.4, 0.8, 1, 1, 1]):
        drawn = [POLICY.pause_seconds(attempt) for _ in range(500)]
        assert 0 <= min(drawn) < bound / 10
        assert bound * 0.9 < max(drawn) <= bound
        assert len(set(drawn)) > 400
    assert POLICY.pause_seconds(10**6) <= 1


def test_a_stream_that_meets_another_version_is_an_error() -> None:
    first = Part(body=b"ab", etag="one", size_bytes=4)
    for trouble in (
        ObjectChangedError(store="scripted", key="key"),
        NotFoundError(store="scripted", key="key"),
    ):
        client = ScriptedClient([first, trouble])
        with pytest.raises(ObjectChangedError, match=r"'key'.*Fix: read it again"):
            list(service(client).stream("key", chunk_bytes=2))
        assert client.asked == ["get_part 0 ", "get_part 2 one"]


def test_an_empty_marker_of_a_folder_is_not_an_object() -> None:
    listed = [found(key, "e", "", size).stat for key, size in [("f/x", 3), ("f", 0), ("f", 0), ("empty", 0)]]
    client = ScriptedClient([listed, None, found("empty", "e", "", 0)])
    assert [stat.key for stat in service(client).list()] == ["empty", "f/x"]
    assert client.asked == ["list", "head f", "head empty"]


def test_a_body_in_parts_is_sent_once_because_it_can_not_be_read_twice() -> None:
    client = ScriptedClient([AWAY])
    with pytest.raises(UnreachableError):
        service(client).write("key", iter([b"part"]))
    assert client.asked == ["put"]
