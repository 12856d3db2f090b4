"""How far Spark is with each table, by the session's own counters: no listener in the JVM, no job of ours."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pyspark.sql import SparkSession

from lakehouse.pipelines.record.task_progress import TaskProgress

__all__ = ["RunningJob", "SparkProgress", "progress_of"]

_log = logging.getLogger(__name__)
_EVERY_SECONDS = 0.5
"""How often the session is asked, however often somebody looks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningJob:
    """What Spark tells of a job that goes on."""

    tags: str
    tasks_done: int
    tasks: int
    rows: int
    began_ms: int


class SparkProgress:
    """Asks the session, whose work on a table carries its tag. Spark Connect tells nothing of the kind."""

    def __init__(
        self,
        spark: SparkSession,
        *,
        tag: Callable[[str], str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._spark: Any = spark
        self._tag = tag
        self._clock = clock
        self._asked_at: float | None = None if hasattr(spark, "_jsparkSession") else float("inf")
        self._jobs: Sequence[RunningJob] = ()
        self._lock = threading.Lock()

    def __call__(self, table: str) -> TaskProgress | None:
        with self._lock:
            if self._asked_at is None or self._clock() - self._asked_at >= _EVERY_SECONDS:
                self._asked_at = self._clock()
                self._jobs = self._running()
            jobs = self._jobs
        return progress_of(self._tag(table), jobs, now_ms=round(time.time() * 1000))

    def _running(self) -> Sequence[RunningJob]:
        try:
            jvm, store = self._spark._jvm, self._spark.sparkContext._jsc.sc().statusStore()
            running = jvm.java.util.ArrayList()
            running.add(jvm.org.apache.spark.JobExecutionStatus.RUNNING)
            jobs = store.jobsList(running)
            return [_job(store, jobs.apply(at)) for at in range(jobs.size())]
        except Exception as error:  # noqa: BLE001 - whoever watches a run does not end it
            _log.debug("Spark does not tell how far it is: %s", error)
            return ()


def progress_of(tag: str, jobs: Sequence[RunningJob], *, now_ms: int) -> TaskProgress | None:
    """Return what the jobs with a tag have done together; None where there is none."""
    own = [job for job in jobs if any(each.endswith(tag) for each in job.tags.split(","))]
    if not own:
        return None
    return TaskProgress(
        tasks_done=sum(job.tasks_done for job in own),
        tasks=sum(job.tasks for job in own),
        rows=sum(job.rows for job in own),
        seconds=max(now_ms - min(job.began_ms for job in own), 0) / 1000,
    )


def _job(store: Any, job: Any) -> RunningJob:
    stages = job.stageIds()
    read = [_rows(store.lastStageAttempt(stages.apply(at))) for at in range(stages.size())]
    began = job.submissionTime()
    return RunningJob(
        tags=job.jobTags().mkString(","),
        tasks_done=job.numCompletedTasks(),
        tasks=job.numTasks() - job.numSkippedTasks(),
        rows=sum(read),
        began_ms=began.get().getTime() if began.isDefined() else 0,
    )


def _rows(stage: Any) -> int:
    """Return how many rows a stage has read from files and tables."""
    return int(stage.inputRecords())
