"""A table whose random keys are found by an index. The process kills itself where KILLED_AT says, while it is built."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

from indexed_tables import index_every_table

from lakehouse.pipelines import DeclarativePipelineBuilder, from_files, read
from lakehouse.tables.key_index import index

KILLED_AT = "LAKEHOUSE_TEST_KILLED_AT"

pipeline = (
    DeclarativePipelineBuilder("random keys")
    .variable("landing", default="none")
    .bronze("raw", from_files("${landing}/*.csv", columns=("id", "x")))
    .silver("kept", read("raw", incremental=True).deduplicate("id").append())
    .build()
)


def killed_before(done: Callable[..., Any]) -> Callable[..., Any]:
    """Return what ends this process and its JVM instead of doing it."""
    return lambda *_, **__: os.killpg(0, signal.SIGKILL)


def killed_after(done: Callable[..., Any]) -> Callable[..., Any]:
    """Return what does it, and then ends this process and its JVM."""

    def do(*given: Any, **named: Any) -> None:
        done(*given, **named)
        os.killpg(0, signal.SIGKILL)

    return do


if moment := os.environ.get(KILLED_AT):
    index_every_table()
    if moment == "segments":
        index.Manifests.add = killed_before(index.Manifests.add)  # type: ignore[method-assign]
    elif moment == "manifest":
        index.Manifests.add = killed_after(index.Manifests.add)  # type: ignore[method-assign]
    elif moment == "asking":
        index.asked = killed_before(index.asked)
