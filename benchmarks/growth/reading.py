"""What a run read: the bytes that Spark took from files, and the files with which new rows were compared."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pyspark.sql import SparkSession

__all__ = ["BytesRead", "files_compared"]

_COMPARISON = logging.getLogger("lakehouse.pipelines.refresh.rows_by_key")
_MESSAGE = re.compile(r"(\w+): (\d+) files of (\d+)")


class BytesRead:
    """Counts the bytes that Spark reads from files, from now on."""

    def __init__(self, spark: SparkSession) -> None:
        self._spark = spark
        self._last = max((stage.stageId() for stage in self._stages()), default=-1)

    def mib(self) -> float:
        """Return how many MiB all stages since the beginning have read."""
        return sum(stage.inputBytes() for stage in self._stages() if stage.stageId() > self._last) / 2**20

    def _stages(self) -> list[Any]:
        """Return the stages that Spark remembers: the last thousand."""
        gateway: Any = self._spark.sparkContext._gateway
        quantiles, statuses = gateway.new_array(gateway.jvm.double, 0), gateway.jvm.java.util.ArrayList()
        stages = (
            self._spark.sparkContext._jsc.sc()
            .statusStore()
            .stageList(None, False, False, quantiles, statuses)
        )
        return [stages.apply(index) for index in range(stages.size())]


@contextmanager
def files_compared() -> Iterator[list[str]]:
    """Collect, by table and in order, how many of its files new rows were compared with: ``sales 0/152``."""
    found: list[str] = []
    handler = logging.Handler(logging.INFO)
    handler.emit = lambda record: _note(record, found)  # type: ignore[method-assign]
    level = _COMPARISON.level
    _COMPARISON.setLevel(logging.INFO)
    _COMPARISON.addHandler(handler)
    try:
        yield found
    finally:
        _COMPARISON.removeHandler(handler)
        _COMPARISON.setLevel(level)


def _note(record: logging.LogRecord, found: list[str]) -> None:
    if match := _MESSAGE.search(record.getMessage()):
        found.append(f"{match[1]} {match[2]}/{match[3]}")
