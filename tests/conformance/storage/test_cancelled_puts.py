"""A put_if_absent that is cancelled or timed out looks once more, and says what it saw."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from fault_proxy import Fault, FaultProxy
from storage_servers import Server

from lakehouse.storage import (
    AlreadyThere,
    Created,
    LocalStorageService,
    NotThere,
    ObjectStorageService,
    RetryPolicy,
    async_twin,
    outcome_of_cancelled,
)

Cloud = tuple[Server, Callable[..., ObjectStorageService]]
PATIENT = RetryPolicy(request_timeout_seconds=10, within_seconds=20)


def first_put_only(fault: Fault) -> Callable[[str, str], Fault]:
    faults = iter([fault])
    return lambda method, path: next(faults, Fault.NONE) if method == "PUT" else Fault.NONE


@pytest.mark.parametrize(
    ("fault", "there", "seen"),
    [
        (Fault.STALL, None, Created),
        (Fault.STALL, b"another's", AlreadyThere),
        (Fault.LATE, None, NotThere),
    ],
)
@pytest.mark.parametrize("way", ["cancel", "timeout"])
def test_a_put_that_is_stopped_says_what_became_of_it(
    cloud: Cloud, fault: Fault, there: bytes | None, seen: type, way: str
) -> None:
    server, make = cloud
    if there is not None:
        make().put_if_absent("key", there)

    async def stop_in_the_middle(store: ObjectStorageService) -> BaseException:
        put = asyncio.ensure_future(async_twin(store).put_if_absent("key", b"body"))
        try:
            if way == "timeout":
                async with asyncio.timeout(0.3):
                    await put
            else:
                asyncio.get_running_loop().call_later(0.3, put.cancel)
                await put
        except (TimeoutError, asyncio.CancelledError) as error:
            return error
        raise AssertionError("it was not stopped")

    with FaultProxy(server.port, first_put_only(fault)) as proxy:
        error = asyncio.run(stop_in_the_middle(make(port=proxy.port, retries=PATIENT)))
        outcome = outcome_of_cancelled(error)
    assert isinstance(error, TimeoutError if way == "timeout" else asyncio.CancelledError)
    assert isinstance(outcome, seen)
    if seen is Created:
        assert make().read("key") == b"body"


def test_a_put_that_is_stopped_and_can_not_look_says_so(cloud: Cloud) -> None:
    server, make = cloud

    async def stop_in_the_middle(store: ObjectStorageService) -> BaseException:
        put = asyncio.ensure_future(async_twin(store).put_if_absent("key", b"body"))
        asyncio.get_running_loop().call_later(0.2, put.cancel)
        with pytest.raises(asyncio.CancelledError) as caught:
            await put
        return caught.value

    brief = RetryPolicy(request_timeout_seconds=0.5, within_seconds=20)
    with FaultProxy(server.port, lambda method, path: Fault.STALL) as proxy:
        error = asyncio.run(stop_in_the_middle(make(port=proxy.port, retries=brief)))
    assert outcome_of_cancelled(error) is None
    assert any("looked up afterwards: unknown" in note for note in error.__notes__)


def test_a_stopped_put_on_a_local_disk_ends_before_it_gives_way(tmp_path: Path) -> None:
    async def stop_at_once() -> BaseException:
        put = asyncio.ensure_future(async_twin(LocalStorageService(tmp_path)).put_if_absent("key", b"body"))
        await asyncio.sleep(0)
        put.cancel()
        with pytest.raises(asyncio.CancelledError) as caught:
            await put
        return caught.value

    assert isinstance(outcome_of_cancelled(asyncio.run(stop_at_once())), Created)
    assert (tmp_path / "key").read_bytes() == b"body"
