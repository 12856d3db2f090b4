"""The strategies count as many games as the published tables, in every variant."""

from __future__ import annotations

from dataclasses import replace

import pytest
from perft_files import PerftCase, needs_chess_data, read_perft_file

from lakehouse.chess.move_counts import divide, perft
from lakehouse.chess.variants import VARIANTS

FILES = {
    "tricky": "chess960",
    "3check": "three-check",
    "atomic": "atomic",
    "crazyhouse": "crazyhouse",
    "giveaway": "antichess",
    "horde": "horde",
    "racingkings": "racing kings",
}
QUICK_NODES = 13_500
SLOW_NODES = 1_500_000

PUBLISHED = [
    ("standard", "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1", [20, 400, 8902, 197281]),
    (
        "standard",
        "r3k2r/p1ppqpb1/bn2pnp1/3PN3/1p2P3/2N2Q1p/PPPBBPPP/R3K2R w KQkq - 0 1",
        [48, 2039, 97862],
    ),
    ("standard", "8/2p5/3p4/KP5r/1R3p1k/8/4P1P1/8 w - - 0 1", [14, 191, 2812, 43238]),
    ("standard", "r2q1rk1/pP1p2pp/Q4n2/bbp1p3/Np6/1B3NBn/pPPP1PPP/R3K2R b KQ - 0 1", [6, 264, 9467]),
    ("standard", "rnbq1k1r/pp1Pbppp/2p5/8/2B5/8/PPP1NnPP/RNBQK2R w KQ - 1 8", [44, 1486, 62379]),
]


@pytest.mark.parametrize(("variant", "fen", "counts"), PUBLISHED)
def test_the_published_counts_of_well_known_positions(variant: str, fen: str, counts: list[int]) -> None:
    game = VARIANTS[variant]
    board = game.board_of(fen)
    assert [perft(game.engine, board, depth) for depth in range(1, len(counts) + 1)] == counts


def test_dividing_adds_up_to_the_count() -> None:
    game = VARIANTS["standard"]
    counts = divide(game.engine, game.start_board(), 3)
    assert len(counts) == 20
    assert sum(counts.values()) == 8902


def _all_cases() -> list[tuple[str, PerftCase]]:
    return [(variant, case) for file, variant in FILES.items() for case in read_perft_file(file)]


def _check(variant: str, case: PerftCase, limit: int) -> None:
    game = VARIANTS[variant]
    if "960" in case.name:
        game = replace(game, is_chess960=True)
    board = game.board_of(case.fen)
    depths = [depth for depth, nodes in case.counts.items() if nodes <= limit]
    assert {depth: perft(game.engine, board, depth) for depth in depths} == {
        depth: case.counts[depth] for depth in depths
    }


@needs_chess_data
@pytest.mark.parametrize(
    ("variant", "case"), [pytest.param(v, c, id=f"{v}-{c.name}") for v, c in _all_cases()]
)
def test_every_variant_counts_like_its_file(variant: str, case: PerftCase) -> None:
    _check(variant, case, QUICK_NODES)


@pytest.mark.slow
@needs_chess_data
@pytest.mark.parametrize(
    ("variant", "case"), [pytest.param(v, c, id=f"{v}-{c.name}") for v, c in _all_cases()]
)
def test_every_variant_counts_like_its_file_to_depth(variant: str, case: PerftCase) -> None:
    _check(variant, case, SLOW_NODES)


@pytest.mark.slow
@needs_chess_data
@pytest.mark.parametrize(("file", "variant"), [("random", "standard"), ("chess960", "chess960")])
def test_the_strategies_count_like_the_large_files(file: str, variant: str) -> None:
    for case in read_perft_file(file)[::10]:
        _check(variant, case, QUICK_NODES)
