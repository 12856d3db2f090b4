"""How many rows a rule tolerates is read from what people write, and compared exactly."""

from __future__ import annotations

import pytest

from lakehouse.quality import Tolerance


@pytest.mark.parametrize(
    ("given", "broken", "rows", "is_fine"),
    [
        ("1 %", 1, 100, True),
        ("1%", 2, 100, False),
        ("1 %", 1, 99, False),
        ("< 1 %", 1, 100, False),
        ("0.1 %", 3, 3000, True),
        ("0.1 %", 4, 3000, False),
        (10, 10, 11, True),
        (10, 11, 10**9, False),
        ("<10", 10, 100, False),
        ("0 %", 0, 0, True),
        ("< 0 %", 0, 5, True),
        ("100 %", 7, 7, True),
    ],
)
def test_so_many_rows_or_such_a_share_of_them_are_fine(
    given: int | str, broken: int, rows: int, is_fine: bool
) -> None:
    tolerance = Tolerance.of(given)
    assert tolerance is not None
    assert tolerance.allows(broken, of=rows) == is_fine


@pytest.mark.parametrize("given", ["few", "101 %", "1.5", "-1", "1 % of all", "", True])
def test_what_says_no_number_is_no_tolerance(given: str) -> None:
    assert Tolerance.of(given) is None
