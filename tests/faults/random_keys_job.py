"""A table whose random keys are found by an index. The process kills itself where KILLED_AT says, while it is built."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

from lakehouse.pipelines import DeclarativePipelineBuilder, from_files, read
from lakehouse.pipelines.refresh import rows_by_key
from lakehouse.tables.key_index import index, narrowing

KILLED_AT = "LAKEHOUSE_TEST_KILLED_AT"
SMALLEST = (
    (rows_by_key, "_FEW_FILES", 0),
    (narrowing, "_WORTH_BYTES", 1),
    (narrowing, "_BUILT_FROM_BYTES", 1),
)
"""With these any table is compared by its index, and any file is worth one."""

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
    for module, name, value in SMALLEST:
        setattr(module, name, value)
    if moment == "segments":
        index.Manifests.add = killed_before(index.Manifests.add)  # type: ignore[method-assign]
    elif moment == "manifest":
        index.Manifests.add = killed_after(index.Manifests.add)  # type: ignore[method-assign]
    elif moment == "asking":
        index.asked = killed_before(index.asked)
