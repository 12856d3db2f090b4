"""A frame that several tables go on from is computed once, before any of them has it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pytest
from pyspark.sql import DataFrame

from lakehouse.pipelines.refresh.row_counts import RowCounter
from lakehouse.pipelines.refresh.shared_frames import SharedFrame, SharedFrames, SteppedRows


class Frame:
    """Stands for Spark's: it notes what is asked of it, and may wait or fail while it is computed."""

    def __init__(self, *, until: threading.Event | None = None, error: Exception | None = None) -> None:
        self.until, self.error = until, error
        self.kept, self.computed = False, 0

    def persist(self) -> Frame:
        self.kept = True
        return self

    def count(self) -> int:
        if self.until is not None:
            assert self.until.wait(10)
        if self.error is not None:
            raise self.error
        self.computed += 1
        return 0

    def unpersist(self) -> None:
        self.kept = False


def shared(frame: Frame) -> SharedFrame:
    return SharedFrame(rows=SteppedRows(frame=cast(DataFrame, frame)), counter=RowCounter())


def frame_of(found: SharedFrame) -> Any:
    return found.rows.frame


def test_all_who_ask_wait_until_the_rows_are_there() -> None:
    frames, may_end, asked = SharedFrames(), threading.Event(), threading.Barrier(4)
    frame = Frame(until=may_end)

    def ask() -> int:
        asked.wait(10)
        return frame_of(frames.get("sales", lambda: shared(frame))).computed

    with ThreadPoolExecutor(3) as pool:
        found = [pool.submit(ask) for _ in range(3)]
        asked.wait(10)
        assert not any(each.done() for each in found)
        other = frames.get("other", lambda: shared(Frame()))
        assert frame_of(other).computed == 1, "another frame doesn't wait for this one"
        may_end.set()
        assert [each.result(10) for each in found] == [1, 1, 1]
    frames.release()
    assert not frame.kept


def test_a_frame_that_fails_is_let_go_and_made_by_the_next_who_asks() -> None:
    frames, broken, good = SharedFrames(), Frame(error=ValueError("no file")), Frame()
    with pytest.raises(ValueError, match="no file"):
        frames.get("sales", lambda: shared(broken))
    assert not broken.kept
    assert frame_of(frames.get("sales", lambda: shared(good))) is good
