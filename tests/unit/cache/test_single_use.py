"""What can be used once only is refused: the second reader would find it used up."""

from __future__ import annotations

import asyncio
import csv
import functools
import io
import itertools
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import IO, Any

import pytest

from lakehouse.cache import LRUCache, NodeCache, NodeCacheSettings, NodeFileCache, SingleUseValueError, cached


async def awaited(number: int) -> int:
    return number


def yielded(number: int) -> Iterator[int]:
    yield number


async def yielded_later(number: int) -> AsyncIterator[int]:
    yield number


class CallsAsync:
    async def __call__(self, number: int) -> int:
        return number

    async def method(self, number: int) -> int:
        return number


@pytest.mark.parametrize(
    ("function", "kind"),
    [
        (awaited, "a coroutine"),
        (yielded, "a generator"),
        (yielded_later, "an async generator"),
        (functools.partial(awaited, 1), "a coroutine"),
        (CallsAsync(), "a coroutine"),
        (CallsAsync().method, "a coroutine"),
    ],
)
@pytest.mark.parametrize("decorate", [cached, cached(maxsize=0), cached(ttl_seconds=5)])
def test_a_coroutine_or_generator_function_is_refused_where_it_is_decorated(
    decorate: Callable[..., Any], function: Callable[..., Any], kind: str
) -> None:
    with pytest.raises(SingleUseValueError, match=rf"returns {kind}, which can be used only once\. Fix: "):
        decorate(function)


@pytest.mark.parametrize(
    "make",
    [
        lambda key: yielded(1),
        lambda key: awaited(1),
        lambda key: yielded_later(1),
        lambda key: map(str, [1]),
        lambda key: zip([1], [2], strict=True),
        lambda key: itertools.chain([1]),
        lambda key: iter([1]),
        lambda key: csv.reader(["a,b"]),
    ],
)
def test_a_loader_that_returns_an_iterator_or_a_coroutine_is_an_error_and_nothing_is_kept(
    make: Callable[[str], Any],
) -> None:
    cache: LRUCache[str, Any] = LRUCache(3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a coroutine that nobody awaits would warn
        with pytest.raises(
            SingleUseValueError, match=r"^The loader of 'a' returned a .* Fix: let the loader"
        ):
            cache.get_or_load("a", make)
        with pytest.raises(SingleUseValueError):
            cached(lambda: make("a"))()
    assert len(cache) == 0


@pytest.mark.parametrize(
    "value",
    [[1], (1,), {1}, {"a": 1}, range(3), "text", b"bytes", None, {}.keys(), io.BytesIO(b"an open file")],
)
def test_what_lasts_is_kept(value: Any) -> None:
    cache: LRUCache[str, Any] = LRUCache(3)
    for _ in range(2):
        assert cache.get_or_load("a", lambda key: value) is value


def test_an_object_put_by_hand_is_the_caller_s_own_business() -> None:
    cache: LRUCache[str, Any] = LRUCache(3)
    counter = itertools.count()
    cache.put("a", counter)
    assert cache.get("a") is counter


def test_a_task_of_an_event_loop_may_be_awaited_twice_and_is_kept() -> None:
    cache: LRUCache[int, asyncio.Task[int]] = LRUCache(3)

    async def main() -> list[int]:
        return [await cache.get_or_load(7, lambda key: asyncio.ensure_future(awaited(key))) for _ in range(2)]

    assert asyncio.run(main()) == [7, 7]


@pytest.mark.parametrize("enabled", [True, False])
def test_a_fetch_that_has_not_begun_when_it_returns_is_an_error_not_an_empty_file(
    tmp_path: Path, enabled: bool
) -> None:
    files = NodeFileCache(tmp_path, max_bytes=1 << 20, enabled=enabled)

    async def fetch_later(target: IO[bytes]) -> None:
        target.write(b"content")

    def fetch_in_pieces(target: IO[bytes]) -> Iterator[int]:
        yield target.write(b"content")

    lazily: list[Any] = [fetch_later, fetch_in_pieces, lambda target: map(target.write, [b"content"])]
    for fetch in lazily:
        with pytest.raises(
            SingleUseValueError, match=r"^fetch of 'a' returned a .* Fix: let fetch be a plain"
        ):
            files.open("a", "1", fetch)
    with files.open("a", "1", written_and_returned) as lease:
        assert lease.read() == b"content"


def written_and_returned(target: IO[bytes]) -> IO[bytes]:
    """Write the file, and return something that can be iterated over, as a response of a server can."""
    target.write(b"content")
    return target


@pytest.mark.parametrize("enabled", [True, False])
def test_a_parse_that_returns_a_generator_is_an_error_with_and_without_a_cache(
    tmp_path: Path, enabled: bool
) -> None:
    node = NodeCache(NodeCacheSettings(directory=tmp_path, enabled=enabled))
    with pytest.raises(SingleUseValueError, match="parse of 'a' returned a generator"):
        node.load("a", "1", lambda target: target.write(b"1 2"), lambda lease: (x for x in lease.read()))
