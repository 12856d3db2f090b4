"""Two sets of rows are compared as often as each row is there, and what differs is shown row by row."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from lakehouse.pipelines.testing.differences import difference

ROWS = st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["a", None])), max_size=6)


@given(ROWS, ROWS)
def test_rows_differ_where_one_is_there_more_often_on_one_side(
    expected: list[tuple[int, str | None]], found: list[tuple[int, str | None]]
) -> None:
    assert (difference(expected, found, ["n", "t"]) is None) == (Counter(expected) == Counter(found))


def test_a_difference_shows_what_is_missing_beside_what_is_there_instead() -> None:
    text = difference(
        [("2024-01-01", Decimal("5.00")), ("2024-01-02", None)],
        [("2024-01-02", Decimal("7.00")), ("2024-01-01", Decimal("5.00"))],
        ["day", "revenue"],
    )
    assert text == (
        "1 expected rows are missing (-), 1 others are there (+)\n"
        "   day           revenue\n"
        "+  '2024-01-02'  7.00\n"
        "-  '2024-01-02'  NULL\n"
        "=  '2024-01-01'  5.00"
    )


def test_values_that_are_not_equal_to_themselves_or_have_parts_can_be_compared() -> None:
    row = (float("nan"), [1, {"a": [2]}], bytearray(b"x"))
    assert difference([row], [(float("nan"), [1, {"a": [2]}], b"x")], ["n", "l", "b"]) is None
    assert difference([row], [(float("nan"), [1, {"a": [3]}], b"x")], ["n", "l", "b"]) is not None


def test_of_very_many_rows_only_the_first_are_shown() -> None:
    text = difference([(n,) for n in range(100)], [], ["n"])
    assert text is not None
    assert text.splitlines()[-1] == "… and 60 more rows"
