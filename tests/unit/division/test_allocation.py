"""Allocation by largest remainder."""

from __future__ import annotations

import pytest

from lakehouse.division import DivideByZeroException, InvalidOperandError, allocate


@pytest.mark.parametrize(
    ("amount", "weights", "parts"),
    [
        (100, [1, 1, 1], [34, 33, 33]),
        (-100, [1, 1, 1], [-34, -33, -33]),
        (5, [3, 7], [2, 3]),
        (0, [3, 7], [0, 0]),
        (0, [0, 0], [0, 0]),
        (0, [], []),
        (7, [0, 5, 0], [0, 7, 0]),
        # Seats of a parliament of 100: Hamilton's method on a published example.
        (100, [47_000, 16_000, 15_800, 12_000, 6_100, 3_100], [47, 16, 16, 12, 6, 3]),
    ],
)
def test_an_amount_is_split_by_largest_remainder(amount: int, weights: list[int], parts: list[int]) -> None:
    assert allocate(amount, weights) == parts


def test_weights_without_a_sum_and_negative_weights_are_refused() -> None:
    with pytest.raises(DivideByZeroException, match="weights that sum to 0"):
        allocate(5, [0, 0])
    with pytest.raises(DivideByZeroException):
        allocate(5, [])
    with pytest.raises(InvalidOperandError):
        allocate(5, [2, -1])
