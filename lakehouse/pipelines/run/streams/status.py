"""How the streams of a warehouse stand, and whether their processes live. Read without Spark."""

from __future__ import annotations

from dataclasses import dataclass

from lakehouse.pipelines.record.progress import StreamProgress, kept_progress
from lakehouse.pipelines.run.holder import Holder
from lakehouse.pipelines.run.lock import stream_lock
from lakehouse.pipelines.warehouse import Warehouse

__all__ = ["StreamStatus", "stream_statuses"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamStatus:
    """The last stream of a pipeline."""

    progress: StreamProgress
    holder: Holder | None
    """The process that has the stream; None where it ended."""
    is_alive: bool

    @property
    def state(self) -> str:
        """One word: ``running``, ``ended``, or ``died`` of a process that ended without a word."""
        if self.is_alive:
            return "running"
        return "ended" if self.progress.ended_at else "died"


def stream_statuses(warehouse: Warehouse) -> tuple[StreamStatus, ...]:
    """Return the last stream of each pipeline that had one."""
    found = []
    for progress in kept_progress(warehouse):
        lock = stream_lock(warehouse, progress.pipeline)
        holder = lock.holder()
        is_alive = holder is not None and not lock.is_gone(holder)
        found.append(StreamStatus(progress=progress, holder=holder, is_alive=is_alive))
    return tuple(found)
