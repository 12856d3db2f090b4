"""The locks among processes. Two instances stand for two processes: each opens the lock file for itself."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from lakehouse.cache.host_lock import HostReadWriteLock
from lakehouse.cache.key_lock import KeyLocks, RangeKeyLocks, StripedKeyLocks

LATEST_SECONDS = 10.0
SOON_SECONDS = 0.1


class Holder:
    """A thread that holds a lock until told to let go."""

    def __init__(self, lock: AbstractContextManager[None]) -> None:
        self.inside = threading.Event()
        self._let_go = threading.Event()
        self._thread = threading.Thread(target=self._hold, args=[lock], daemon=True)
        self._thread.start()

    def _hold(self, lock: AbstractContextManager[None]) -> None:
        with lock:
            self.inside.set()
            self._let_go.wait(LATEST_SECONDS)

    def let_go(self) -> None:
        self._let_go.set()
        self._thread.join(LATEST_SECONDS)
        assert not self._thread.is_alive()


@contextmanager
def holding(lock: AbstractContextManager[None]) -> Iterator[Holder]:
    holder = Holder(lock)
    assert holder.inside.wait(LATEST_SECONDS)
    yield holder
    holder.let_go()


def test_readers_of_two_processes_are_inside_together(tmp_path: Path) -> None:
    first, second = (HostReadWriteLock(tmp_path / "l").reading() for _ in range(2))
    with holding(first), holding(second):
        pass


@pytest.mark.parametrize(("first", "second"), [("writing", "reading"), ("reading", "writing")])
def test_a_writer_of_another_process_is_alone(tmp_path: Path, first: str, second: str) -> None:
    with holding(getattr(HostReadWriteLock(tmp_path / "l"), first)()):
        waiting = Holder(getattr(HostReadWriteLock(tmp_path / "l"), second)())
        assert not waiting.inside.wait(SOON_SECONDS)
    assert waiting.inside.wait(LATEST_SECONDS)
    waiting.let_go()


def two_keys(kind: type[KeyLocks], path: Path, keys: tuple[int, int]) -> list[AbstractContextManager[None]]:
    return [kind(path).holding((1, key << 8)) for key in keys]  # type: ignore[call-arg]


@pytest.mark.parametrize("kind", [RangeKeyLocks, StripedKeyLocks])
def test_one_key_has_one_holder(tmp_path: Path, kind: type[KeyLocks]) -> None:
    first, second = two_keys(kind, tmp_path, (5, 5))
    with holding(first):
        waiting = Holder(second)
        assert not waiting.inside.wait(SOON_SECONDS)
    assert waiting.inside.wait(LATEST_SECONDS)
    waiting.let_go()


def test_two_keys_have_two_holders(tmp_path: Path) -> None:
    first, second = two_keys(RangeKeyLocks, tmp_path, (5, 6))
    with holding(first), holding(second):
        pass


@pytest.mark.parametrize(
    "make",
    [
        lambda path: HostReadWriteLock(path / "lock").writing(),
        lambda path: RangeKeyLocks(path).holding((1, 5)),
        lambda path: StripedKeyLocks(path).holding((1, 5)),
    ],
    ids=["host", "range", "striped"],
)
def test_who_waited_for_a_lock_file_that_was_deleted_waits_for_its_successor(
    tmp_path: Path, make: Callable[[Path], AbstractContextManager[None]]
) -> None:
    with holding(make(tmp_path)) as first:
        second = Holder(make(tmp_path))
        assert not second.inside.wait(SOON_SECONDS)
        for file in tmp_path.iterdir():
            file.unlink()
        with holding(make(tmp_path)):
            first.let_go()
            assert not second.inside.wait(SOON_SECONDS)
        assert second.inside.wait(LATEST_SECONDS)
        second.let_go()
