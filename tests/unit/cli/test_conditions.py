"""``table cat --where``: a condition as text finds the rows that another engine's SQL finds."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from lakehouse.cli import main
from lakehouse.delta_log import InvalidConditionError, Snapshot, TransactionManager, condition

ROWS = pa.table(
    {
        "id": pa.array(range(8), pa.int64()),
        "units": pa.array([5, -1, None, 0, 7, 7, 3, 2], pa.int32()),
        "country": ["France", "Spain", None, "O'Brien", "", "France", "spain", "Italy"],
        "day": pa.array([dt.date(2024, 1, n) if n != 3 else None for n in range(1, 9)]),
        "moment": pa.array(
            [dt.datetime(2024, 1, n, 12, tzinfo=dt.UTC) for n in range(1, 9)], pa.timestamp("us", tz="UTC")
        ),
        "price": pa.array([Decimal(n) / 4 for n in range(8)], pa.decimal128(10, 2)),
        "weight": [0.5, 1.5, None, 2.0, -2.0, 1e9, 0.0, 3.25],
        "paid": [True, False, None, True, False, True, True, False],
        "AND": pa.array(range(8), pa.int32()),
    }
)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("table") / "t"
    for start in range(0, 8, 3):
        with TransactionManager().transaction(path) as transaction:
            transaction.append(ROWS.slice(start, 3))
    return path


@pytest.mark.parametrize(
    "text",
    [
        "units > 2",
        "units = 7 AND country = 'France'",
        "units = 7 OR country = 'Spain' AND paid = FALSE",
        "(units = 7 OR country = 'Spain') AND paid = false",
        "NOT units >= 0",
        "not (units > 0 or paid = true)",
        "country = 'O''Brien'",
        "country IN ('France', 'Italy') and units <> 5",
        "country NOT IN ('France', 'Italy')",
        "units IS NULL",
        "day IS NOT NULL AND day >= '2024-01-04'",
        "day BETWEEN '2024-01-02' AND '2024-01-05'",
        "units NOT BETWEEN -1 AND 4",
        "moment > '2024-01-03 12:00:00+00:00'",
        "moment = '2024-01-03T12:00:00Z'",
        "price = 0.75 OR price = '1.50'",
        "weight <= -2 OR weight > 1.5",
        "units != 7",
        "country = ''",
    ],
)
def test_the_rows_are_those_of_duckdb(table: Path, text: str) -> None:
    snapshot = Snapshot.load(table)
    found = snapshot.to_arrow(predicate=condition(text, snapshot.schema))
    rows = ROWS  # noqa: F841 - DuckDB finds it by its name
    duckdb.execute("SET TimeZone = 'UTC'")
    expected = duckdb.sql(f"SELECT id FROM rows WHERE {text} ORDER BY id").fetchall()
    assert sorted((each,) for each in found["id"].to_pylist()) == expected


def test_a_name_that_is_a_word_of_sql_stands_in_back_quotes(table: Path) -> None:
    snapshot = Snapshot.load(table)
    assert snapshot.to_arrow(predicate=condition("`AND` = 3", snapshot.schema))["id"].to_pylist() == [3]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("unit > 5", "there is no column 'unit'. Fix: did you mean 'units'?"),
        ("units > ", "expected a value, got 'its end'"),
        ("units 5", "expected a comparison, IN, BETWEEN or IS NULL, got '5'"),
        ("units > 5 AND", "expected the name of a column, got 'its end'"),
        ("(units > 5", "expected ), got 'its end'"),
        ("units > 5 country = 'x'", "expected its end, got 'country'"),
        ("day > 'soon'", "'soon' is no value of the type date32[day]"),
        ("units > 'many'", "'many' is no value of the type int32"),
        ("units ~ 5", "nobody knows what '~ 5' means"),
        ("", "expected the name of a column, got 'its end'"),
    ],
)
def test_what_can_not_be_read_is_refused_with_the_place(table: Path, text: str, reason: str) -> None:
    with pytest.raises(InvalidConditionError) as refused:
        condition(text, Snapshot.load(table).schema)
    assert reason in str(refused.value)
    assert "Fix: " in str(refused.value)


def test_cat_prints_the_rows_that_meet_a_condition(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["table", "cat", str(table), "--where", "units = 7", "--columns", "id,country"]
    assert main([*arguments, "--json"]) == 0
    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert sorted(printed, key=lambda row: row["id"]) == [
        {"id": 4, "country": ""},
        {"id": 5, "country": "France"},
    ]
    assert main(["table", "cat", str(table), "--where", "unit = 7"]) == 2
    assert "did you mean 'units'?" in capsys.readouterr().err
