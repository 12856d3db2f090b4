"""Values that groups have had lie in few runs, and each is rewritten seldom."""

from __future__ import annotations

import math

from lakehouse.pipelines.refresh.groups.value_runs import first_to_merge
from lakehouse.tables import StagedRows


def run(row_count: int) -> StagedRows:
    return StagedRows(folder="f", row_count=row_count, schema_json={})


def test_a_small_run_behind_a_big_one_stays_on_its_own() -> None:
    assert first_to_merge([run(1_000_000)], 100) == 1
    assert first_to_merge([run(1_000_000), run(100)], 100) == 1
    assert first_to_merge([], 5) == 0


def test_many_small_batches_leave_few_runs_and_write_each_value_seldom() -> None:
    runs: list[StagedRows] = []
    written, batches = 0, 3_000
    for _ in range(batches):
        first = first_to_merge(runs, 100)
        size = 100 + sum(each.row_count for each in runs[first:])
        runs[first:] = [run(size)]
        written += size
        assert len(runs) <= math.log2(batches) + 1
    assert sum(each.row_count for each in runs) == 100 * batches
    assert written <= 100 * batches * (math.log2(batches) + 1)
