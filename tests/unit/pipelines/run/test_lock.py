"""One run at a time: the second is told who is at it, and the lock of a dead one is taken over."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from lakehouse.pipelines import RunHeldError
from lakehouse.pipelines.run import lock as lock_module
from lakehouse.pipelines.run.holder import Holder
from lakehouse.pipelines.run.lock import RunLock
from lakehouse.storage import AbstractStorageService, LocalStorageService, MemoryStorageService

KEY = "system/runs/shop.lock"


@pytest.fixture(params=["memory", "disk"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> AbstractStorageService:
    return MemoryStorageService() if request.param == "memory" else LocalStorageService(tmp_path)


def lock(storage: AbstractStorageService, *, beat_seconds: float = 60) -> RunLock:
    return RunLock(storage, pipeline="shop", beat_seconds=beat_seconds)


def left_by(storage: AbstractStorageService, **changes: object) -> None:
    """Leave the lock as a run does that ended without a word."""
    held = msgspec.structs.replace(Holder.this_process(), **changes)
    storage.write(KEY, msgspec.json.encode(held))


def a_dead_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_the_second_is_told_who_holds_it_and_a_lock_given_back_is_free(
    storage: AbstractStorageService,
) -> None:
    with lock(storage).held():
        with pytest.raises(RunHeldError) as refused, lock(storage).held():
            pytest.fail("two at once")
        assert refused.value.pid == os.getpid()
        assert refused.value.host in str(refused.value)
        assert f"process {os.getpid()} on" in str(refused.value)
        assert refused.value.since.endswith("+00:00")
        with RunLock(storage, pipeline="another").held():
            pass
    with lock(storage).held():
        pass


def test_of_many_that_want_it_at_once_one_gets_it(storage: AbstractStorageService) -> None:
    left_by(storage, pid=a_dead_process())
    begin, end, got = threading.Barrier(8), threading.Barrier(8), []

    def take() -> None:
        begin.wait(timeout=30)
        try:
            with lock(storage).held():
                got.append(True)
                end.wait(timeout=30)
        except RunHeldError:
            end.wait(timeout=30)

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == [True]


@pytest.mark.parametrize(
    "changes",
    [lambda: {"pid": a_dead_process()}, lambda: {"born_at": "1"}],
    ids=["ended", "its number was given out again"],
)
def test_the_lock_of_a_process_that_ended_here_is_taken_over_at_once(
    storage: AbstractStorageService, changes: Callable[[], dict[str, object]]
) -> None:
    left_by(storage, **changes())
    with lock(storage).held():
        assert msgspec.json.decode(storage.read(KEY), type=Holder).pid == os.getpid()


def test_a_holder_elsewhere_is_dead_when_it_gives_no_sign_of_life(
    storage: AbstractStorageService, monkeypatch: pytest.MonkeyPatch
) -> None:
    left_by(storage, machine="another", host="box", pid=7)
    with pytest.raises(RunHeldError, match="process 7 on box"), lock(storage).held():
        pytest.fail("it lives")
    monkeypatch.setattr(lock_module, "_LEASE_MS", -1)
    with lock(storage).held():
        pass
    assert [stat.key for stat in storage.list()] == [KEY], "nothing is left beside the lock"


def test_a_holder_gives_signs_of_life_and_notices_that_its_lock_was_taken_over(
    storage: AbstractStorageService,
) -> None:
    with lock(storage, beat_seconds=0.01).held():
        deadline = time.monotonic() + 10
        while msgspec.json.decode(storage.read(KEY), type=Holder).beat < 3:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        left_by(storage, run="another")
        time.sleep(0.05)
    assert msgspec.json.decode(storage.read(KEY), type=Holder).run == "another"


def test_a_damaged_lock_holds_nobody(storage: AbstractStorageService) -> None:
    storage.write(KEY, b"{")
    with lock(storage).held():
        pass


class CountedStorage(MemoryStorageService):
    """Counts what is asked of it."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def stat(self, key):
        self.asked.append("stat")
        return super().stat(key)

    def read(self, key):
        self.asked.append("read")
        return super().read(key)

    def put_if_absent(self, key, body):
        self.asked.append("put")
        return super().put_if_absent(key, body)


def test_whoever_waits_for_a_turn_looks_ever_less_often_and_by_one_question(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    storage, slept = CountedStorage(), []
    left_by(storage, takes_turns=True)
    held = storage.read(KEY)

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if sum(slept) > 100:
            storage.replace(KEY, msgspec.json.encode(Holder()), etag=storage.stat(KEY).etag)
        assert sum(slept) < 200

    monkeypatch.setattr(lock_module.time, "sleep", sleep)
    with lock(storage).held() as has_waited:
        assert has_waited
    assert slept[:5] == [0.1, 0.2, 0.4, 0.8, 1.0]
    assert held != storage.read(KEY)
    assert len(storage.asked) < 200, "for 100 seconds"
    assert storage.asked.count("put") < 20
