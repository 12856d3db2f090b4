"""How far a look-back reaches, without Spark."""

from __future__ import annotations

import datetime as dt

import pytest

from lakehouse.pipelines.declare.steps.look_back import LookBack
from lakehouse.tables import KeyRange

DAY = dt.timedelta(days=1)
FIRST, LAST = dt.date(2024, 3, 1), dt.date(2024, 3, 9)
MOMENT = dt.datetime(2024, 3, 1, 12, tzinfo=dt.UTC)


def look_back(text: str) -> LookBack:
    found = LookBack.of(text, column="day")
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("30 days", 30 * 86_400),
        ("1 week", 604_800),
        (" 90 MINUTES ", 5_400),
        ("0 seconds", 0),
        ("2hours", 7_200),
    ],
)
def test_a_length_is_a_number_and_a_unit(written: str, seconds: int) -> None:
    assert look_back(written).length.total_seconds() == seconds


@pytest.mark.parametrize(
    "written", ["30", "days", "-1 day", "1.5 days", "1 month", "1 day 2 hours", "", "999999999 weeks"]
)
def test_anything_else_is_no_length(written: str) -> None:
    assert LookBack.of(written, column="day") is None


def test_only_one_column_is_looked_back_by() -> None:
    assert look_back("1 day").column == "day"
    quoted = LookBack.of("1 day", column="`the day`")
    assert quoted is not None
    assert quoted.column == "the day"
    assert [LookBack.of("1 day", column=text) for text in ("a + b", "to_date(a)", "a.b", "a, b")] == [
        None
    ] * 4


def values(smallest: object, largest: object, *, has_null: bool = False) -> KeyRange:
    return KeyRange(smallest=smallest, largest=largest, has_null=has_null)


def test_a_range_grows_by_the_length_on_either_side_and_a_date_by_whole_days() -> None:
    assert look_back("2 days").around(values(FIRST, LAST)) == values(FIRST - 2 * DAY, LAST + 2 * DAY)
    assert look_back("25 hours").around(values(FIRST, LAST)) == values(FIRST - DAY, LAST + DAY)
    hour = dt.timedelta(hours=1)
    assert look_back("1 hour").around(values(MOMENT, MOMENT)) == values(MOMENT - hour, MOMENT + hour)
    assert look_back("1 day").around(values(None, None, has_null=True)) == values(None, None, has_null=True)


def test_a_range_at_the_end_of_all_dates_is_not_bounded() -> None:
    assert look_back("2 days").around(values(dt.date.min, LAST)) is None
    assert look_back("2 days").around(values(FIRST, dt.date.max)) is None
