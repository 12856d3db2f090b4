"""What material alone decides is what another library decides, by the strategies and by the fast core."""

from __future__ import annotations

import random

import chess
import pyarrow as pa
import pytest

from lakehouse.chess.geometry import Color
from lakehouse.chess.material import can_mate, is_dead_by_material
from lakehouse.chess.replay_arrow import Core, replay_arrow
from lakehouse.chess.variants import STANDARD


def _positions(count: int) -> list[str]:
    """FENs of two kings and up to four other pieces, mostly light ones."""
    chooser, fens = random.Random(6), []
    while len(fens) < count:
        letters = ["K", "k", *chooser.choices("NBnbNBnbQqRrPp", k=chooser.randint(0, 4))]
        board = chess.Board(None)
        for square, letter in zip(chooser.sample(range(8, 56), len(letters)), letters, strict=True):
            board.set_piece_at(square, chess.Piece.from_symbol(letter))
        if board.is_valid():
            fens.append(board.fen())
    return fens


FENS = _positions(400)


def test_each_side_can_mate_or_not_as_another_library_says() -> None:
    for fen in FENS:
        board, oracle = STANDARD.board_of(fen), chess.Board(fen)
        assert can_mate(board, Color.WHITE) != oracle.has_insufficient_material(chess.WHITE), fen
        assert can_mate(board, Color.BLACK) != oracle.has_insufficient_material(chess.BLACK), fen
        assert is_dead_by_material(board) == oracle.is_insufficient_material(), fen


@pytest.mark.parametrize("core", [Core.PLAIN, Core.FAST])
def test_a_game_ends_where_the_material_says_so(core: Core) -> None:
    games = pa.array([f'[FEN "{fen}"]\n\n*\n' for fen in FENS])
    ended = [
        ending == "insufficient material"
        for ending in replay_arrow(games, core=core).field("ending").to_pylist()
    ]
    expected = [
        (oracle := chess.Board(fen)).is_insufficient_material() and any(oracle.legal_moves) for fen in FENS
    ]
    assert ended == expected
    assert 30 < sum(ended) < 370
