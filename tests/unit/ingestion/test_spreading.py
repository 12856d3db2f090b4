"""Files are spread over tasks by what reading them costs."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lakehouse.ingestion.file_reading import reading_cost
from lakehouse.ingestion.spreading import spread


@given(st.lists(st.integers(min_value=1, max_value=10_000), max_size=60), st.integers(1, 20_000))
def test_each_file_has_a_task_and_each_task_a_fair_share(costs: list[int], task_bytes: int) -> None:
    tasks = spread(costs, task_bytes=task_bytes)
    assert len(tasks) == len(costs)
    assert set(tasks) == set(range(len(set(tasks))))
    loads = [
        sum(cost for cost, task in zip(costs, tasks, strict=True) if task == each) for each in set(tasks)
    ]
    # Whoever takes the largest first is never further than one file above the average.
    assert all(load <= sum(costs) / len(loads) + max(costs) for load in loads)


def test_many_small_files_share_a_task_and_a_large_one_has_its_own() -> None:
    tasks = spread([10 << 20, *[1 << 10] * 3_000], task_bytes=4 << 20)
    assert len(set(tasks)) == 4
    assert tasks.count(tasks[0]) == 1


def test_a_file_of_a_store_costs_a_request() -> None:
    assert reading_cost("/data/a.csv", 100) < reading_cost("s3a://bucket/a.csv", 100)
