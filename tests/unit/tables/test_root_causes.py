"""What lies under an error is the line that says what happened, of Spark's own words and of Python's."""

from __future__ import annotations

import pytest

from lakehouse.tables import TableWriteError, root_cause

WORKER = """[PYTHON_EXCEPTION] An exception was thrown from the Python worker: Traceback (most recent call last):
  File "worker.py", line 3, in main
    process()
ValueError: no such day: 2024-02-30
 SQLSTATE: 38000
"""


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("[DIVIDE_BY_ZERO] Division by zero.\n== SQL ==\n1 DIV n", "[DIVIDE_BY_ZERO] Division by zero"),
        (WORKER, "ValueError: no such day: 2024-02-30"),
        (WORKER.partition(": ")[2], "ValueError: no such day: 2024-02-30"),
        ("", "no message"),
    ],
)
def test_the_line_that_says_what_happened_is_the_root_cause(text: str, cause: str) -> None:
    assert root_cause(RuntimeError(text)) == cause


def test_an_error_of_deltas_with_a_way_out_says_it() -> None:
    cause = '[DELTA_BLOCK_COLUMN_MAPPING_AND_CDC_OPERATION] Operation "WRITE" is not allowed'
    error = TableWriteError(path="t", action="replace", cause=cause)
    assert "Fix: set 'delta.enableChangeDataFeed': 'false' in the table's properties" in str(error)
    assert "Fix: remove the cause" in str(TableWriteError(path="t", action="replace", cause="disk full"))
