"""A quarantine is written only where a batch changes what it holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from lakehouse.delta_log import TransactionManager
from lakehouse.pipelines.declare.old_rows import OldRows
from lakehouse.pipelines.refresh.batches import Batch
from lakehouse.pipelines.refresh.quarantine import Quarantine
from lakehouse.tables import TableLog, TableState


class OnlyWritten:
    """A table of which only the replacing is looked at."""

    def __init__(self, log: TableLog) -> None:
        self._log = log
        self.replaced: list[int] = []

    def state(self) -> TableState | None:
        return self._log.state()

    def read(self, *, version: int) -> Any:
        return self

    def limit(self, count: int) -> str:
        return f"{count} rows"

    def replace(self, rows: str, *, transaction: Any) -> None:
        assert rows == "0 rows"
        self.replaced.append(transaction.number)


def batch(number: int) -> Batch:
    return Batch(
        flow="f",
        number=number,
        planned_at="2026-01-01T00:00:00+00:00",
        starts_over=False,
        fingerprint="f",
        inputs={},
        pinned={},
    )


@pytest.mark.parametrize(
    ("old_rows", "held", "replaced"),
    [
        (OldRows.GO, [1], [7]),
        (OldRows.GO, [], []),
        (OldRows.GO, None, []),
        (OldRows.STAY, [1], []),
    ],
)
def test_a_batch_that_sets_nothing_aside_commits_only_where_rows_have_to_go(
    tmp_path: Path, old_rows: OldRows, held: list[int] | None, replaced: list[int]
) -> None:
    if held is not None:
        with TransactionManager().transaction(tmp_path) as transaction:
            transaction.append(pa.table({"_batch": pa.array(held, pa.int64())}))
    log = TableLog(str(tmp_path))
    table: Any = OnlyWritten(log)
    Quarantine(table, log, old_rows=old_rows).publish_none(batch(7))
    assert table.replaced == replaced
