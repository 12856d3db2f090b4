"""Conditions of Spark's that leave files out: only those by which Spark and the log compare every value alike."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pyarrow as pa
import pytest

from lakehouse.delta_log import Snapshot, TransactionManager
from lakehouse.tables.conditions import narrowed

ROWS = pa.table(
    {
        "k": [1, 2],
        "text": ["a", "b"],
        "day": [dt.date(2024, 1, 1), dt.date(2024, 1, 2)],
        "half": [0.5, float("nan")],
        "moment": pa.array([dt.datetime(2024, 1, 1)] * 2, pa.timestamp("us", "UTC")),
        "money": pa.array([1, 2], pa.decimal128(10, 2)),
    }
)


@pytest.fixture
def snapshot(tmp_path: Path) -> Snapshot:
    """A table of three files: k is 1 to 2, 11 to 12 and 21 to 22."""
    for number in range(3):
        days = [day + dt.timedelta(days=10 * number) for day in ROWS["day"].to_pylist()]
        keys = [key + 10 * number for key in ROWS["k"].to_pylist()]
        rows = ROWS.set_column(0, "k", pa.array(keys)).set_column(2, "day", pa.array(days))
        with TransactionManager(spark_writers=False).transaction(tmp_path) as transaction:
            transaction.append(rows)
    return Snapshot.load(tmp_path)


@pytest.mark.parametrize(
    ("condition", "files"),
    [
        ("k > 11", 2),
        ("k < 3 AND text IS NOT NULL", 1),
        ("day >= DATE'2024-01-11' AND day < DATE '2024-01-13'", 1),
        ("day = '2024-01-21'", 1),
        ("NOT (k BETWEEN 5 AND 15)", 2),
        ("text IN ('x', 'y')", 0),
        ("k < 3.5 OR k = 21", 2),
    ],
)
def test_a_condition_leaves_files_out(snapshot: Snapshot, condition: str, files: int) -> None:
    found = narrowed(condition, snapshot)
    assert found is not None
    assert snapshot.files(found).num_rows == files


@pytest.mark.parametrize(
    ("condition", "reason"),
    [
        ("half > 5", "NaN is larger than any number to Spark, and in no bounds"),
        ("k > 5 OR half > 5", "as above"),
        ("moment > '2024-01-01'", "the session has a time zone"),
        ("money = '1.00'", "Spark compares as floats"),
        ("text = 5", "Spark compares as numbers"),
        ("text = 'a\\\\b'", "Spark reads escapes"),
        ("upper(text) = 'A'", "only Spark knows"),
        ("K > 5", "Spark takes names of any case"),
        ("k = NULL", "only Spark knows"),
    ],
)
def test_a_condition_that_spark_may_take_otherwise_leaves_none_out(
    snapshot: Snapshot, condition: str, reason: str
) -> None:
    assert narrowed(condition, snapshot) is None, reason
