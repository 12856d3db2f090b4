"""Lengths of time as people write them."""

from __future__ import annotations

import datetime as dt

import pytest

from lakehouse.pipelines import duration


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("15 min", 900), ("15min", 900), (" 2 Hours ", 7200), ("1 h", 3600), ("30 s", 30), ("1 day", 86400)],
)
def test_a_length_of_time(written: str, seconds: int) -> None:
    assert duration(written) == dt.timedelta(seconds=seconds)


@pytest.mark.parametrize("written", ["", "15", "min", "1.5 h", "-3 min", "1 month", "999999999 weeks"])
def test_no_length_of_time(written: str) -> None:
    assert duration(written) is None
