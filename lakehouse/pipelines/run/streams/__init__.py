"""Runs a definition as a stream: each micro-batch is a small run, woken by Spark's streaming sources.

The tables are the state. What a micro-batch takes is decided as a run decides it, from logs and listings, so that a
checkpoint, which only wakes, loses and doubles nothing whatever becomes of it. No rows pass through here.
"""

from lakehouse.pipelines.run.streams.status import StreamStatus, stream_statuses
from lakehouse.pipelines.run.streams.stop import StreamStop
from lakehouse.pipelines.run.streams.stream import StreamMode, StreamResult, stream_pipeline

__all__ = [
    "StreamMode",
    "StreamResult",
    "StreamStatus",
    "StreamStop",
    "stream_pipeline",
    "stream_statuses",
]
