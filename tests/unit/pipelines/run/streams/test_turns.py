"""A stream and runs beside it take turns: each waits for the other, also where lanes are never idle all at once."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from lakehouse.pipelines import RunHeldError
from lakehouse.pipelines.run.lock import RunLock
from lakehouse.pipelines.run.streams.turns import PAUSE_SECONDS, Turns
from lakehouse.storage import LocalStorageService


def lock(folder: Path) -> RunLock:
    return RunLock(LocalStorageService(folder), pipeline="shop", beat_seconds=60)


def turns(folder: Path, **more: object) -> Turns:
    return Turns(lock(folder), gives_up=lambda: False, **more)  # type: ignore[arg-type]


def test_a_run_waits_for_a_micro_batch_and_is_told_that_it_did(tmp_path: Path) -> None:
    waited: list[bool] = []

    def run() -> None:
        with lock(tmp_path).held() as has_waited:
            waited.append(has_waited)

    thread = threading.Thread(target=run)
    with turns(tmp_path).taken() as stream_waited:
        thread.start()
        thread.join(0.5)
        assert waited == []
    thread.join(30)
    assert waited == [True]
    assert not stream_waited


def test_a_micro_batch_waits_for_a_run(tmp_path: Path) -> None:
    waited: list[bool] = []

    def take() -> None:
        with turns(tmp_path).taken() as has_waited:
            waited.append(has_waited)

    thread = threading.Thread(target=take)
    with lock(tmp_path).held():
        thread.start()
        thread.join(0.5)
        assert waited == []
        with pytest.raises(RunHeldError), lock(tmp_path).held():
            pytest.fail("two runs at once")
    thread.join(30)
    assert waited == [True]


def test_a_stream_that_is_to_end_does_not_wait(tmp_path: Path) -> None:
    ending = Turns(lock(tmp_path), gives_up=lambda: True)
    with lock(tmp_path).held(), pytest.raises(RunHeldError), ending.taken():
        pytest.fail("not its turn")


def test_lanes_that_overlap_hold_it_together_and_let_others_in_after_a_while(tmp_path: Path) -> None:
    clock, slept = [0.0], []
    both = turns(tmp_path, clock=lambda: clock[0], sleep=slept.append)
    first = both.taken()
    first.__enter__()
    with both.taken():
        pass  # it joins the first
    clock[0] = 11.0
    later = threading.Thread(target=lambda: both.taken().__enter__())
    later.start()
    later.join(0.3)
    assert later.is_alive(), "it lets the first end"
    first.__exit__(None, None, None)
    later.join(30)
    assert slept == [PAUSE_SECONDS], "and others have their turn before it"
