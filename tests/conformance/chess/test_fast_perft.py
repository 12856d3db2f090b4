"""The fast core counts as many games as the published tables."""

from __future__ import annotations

import pytest
from perft_files import needs_chess_data, read_perft_file

from lakehouse.chess.fast.perft import fast_perft
from lakehouse.chess.variants import CHESS960

pytestmark = needs_chess_data


def check(file: str, *, depth: int, every: int = 1) -> None:
    cases = read_perft_file(file)[::every]
    assert cases
    for case in cases:
        board = CHESS960.board_of(case.fen)
        counted = {d: fast_perft(board, d) for d in case.counts if d <= depth}
        assert counted == {d: case.counts[d] for d in counted}, case.name


@pytest.mark.parametrize(
    ("file", "depth", "every"), [("tricky", 4, 1), ("random", 3, 20), ("random", 4, 400), ("chess960", 3, 10)]
)
def test_a_sample_counts_like_its_file(file: str, depth: int, every: int) -> None:
    check(file, depth=depth, every=every)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("file", "depth"), [("random", 4), ("tricky", 5), ("chess960", 4)])
def test_every_position_counts_like_its_file(file: str, depth: int) -> None:
    check(file, depth=depth)
