"""TaskCounter of a table is that of the jobs that carry its tag, and an estimate comes with the first task."""

from __future__ import annotations

from lakehouse.pipelines.run.spark_progress import RunningJob, progress_of


def job(tags: str, done: int, tasks: int, rows: int = 0, began_ms: int = 1_000) -> RunningJob:
    return RunningJob(tags=tags, tasks_done=done, tasks=tasks, rows=rows, began_ms=began_ms)


def test_the_jobs_of_a_table_are_added_up_and_those_of_others_left_out() -> None:
    jobs = [
        job("x,spark-session-1-run-sales", 3, 8, rows=10, began_ms=5_000),
        job("spark-session-1-run-sales", 1, 2, rows=5, began_ms=2_000),
        job("spark-session-1-run-sales_raw", 9, 9, rows=99),
        job("", 1, 1),
    ]
    found = progress_of("run-sales", jobs, now_ms=10_000)
    assert found is not None
    assert (found.tasks_done, found.tasks, found.rows, found.seconds) == (4, 10, 15, 8.0)
    assert found.seconds_left == 12.0
    assert progress_of("run-days", jobs, now_ms=10_000) is None


def test_nothing_is_estimated_before_a_task_is_done() -> None:
    found = progress_of("t", [job("t", 0, 4)], now_ms=9_000)
    assert found is not None
    assert found.seconds_left is None
