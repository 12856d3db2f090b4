"""Who can never win a variant does not win it on time, as another library says (FIDE 6.9)."""

from __future__ import annotations

import random

import chess
import chess.variant
import pytest

from lakehouse.chess import ChessError, Color, Game, parse_time_control, variant_of

BOARDS: dict[str, type[chess.Board]] = {
    "atomic": chess.variant.AtomicBoard,
    "antichess": chess.variant.AntichessBoard,
    "crazyhouse": chess.variant.CrazyhouseBoard,
    "three-check": chess.variant.ThreeCheckBoard,
    "horde": chess.variant.HordeBoard,
}


def force(name: str, chooser: random.Random) -> list[str]:
    """Return a few pieces such as decide whether a side can still win."""
    if name == "antichess":
        return chooser.choices(chooser.choice(["Bb", "Nn", "BbNnRK"]), k=chooser.randint(2, 4))
    if name == "horde":
        alone = chooser.choice([["R"], ["N", "N"], ["Q"]])
        others = chooser.choices("nbrq" if alone != ["Q"] else "prq", k=chooser.randint(0, 3))
        return [
            "k",
            *(chooser.choices("PNBRQ", k=chooser.randint(1, 3)) if not others else [*alone, *others]),
        ]
    return ["K", "k", *chooser.choices("NBnbNBnbRrQqPp", k=chooser.randint(0, 3))]


def positions(name: str, *, count: int) -> list[chess.Board]:
    chooser, found = random.Random(name), []
    while len(found) < count:
        letters, board = force(name, chooser), BOARDS[name](None)
        board.clear_board()
        for square, letter in zip(chooser.sample(range(8, 56), len(letters)), letters, strict=True):
            board.set_piece_at(square, chess.Piece.from_symbol(letter))
        board.turn = chooser.random() < 0.5
        if board.occupied_co[chess.WHITE] and board.occupied_co[chess.BLACK]:
            found.append(board)
    return found


@pytest.mark.parametrize("name", list(BOARDS))
def test_each_side_can_win_or_not_as_another_library_says(name: str) -> None:
    variant, judged = variant_of(name), 0
    for oracle in positions(name, count=600):
        try:
            board = variant.board_of(oracle.fen())
        except ChessError:
            continue
        if name == "horde" and len(oracle.pieces(chess.BISHOP, chess.BLACK)) > 1:
            continue  # where both bishops stand is looked at by the other library only
        for color, side in ((Color.WHITE, chess.WHITE), (Color.BLACK, chess.BLACK)):
            assert variant.can_win(board, color) != oracle.has_insufficient_material(side), oracle.fen()
            judged += 1
    assert judged > 400


@pytest.mark.parametrize(
    ("name", "fen"),
    [
        ("horde", "8/8/k7/8/8/7Q/8/8 b - - 0 1"),
        ("horde", "8/8/k7/8/8/7P/8/8 b - - 0 1"),
        ("horde", "rnbqkbnr/pppppppp/8/8/8/8/8/PPPPPPPP b kq - 0 1"),
        ("antichess", "8/5bB1/8/8/8/8/8/8 w - - 0 1"),
        ("antichess", "8/n7/8/8/8/8/8/N7 w - - 0 1"),
        ("atomic", "8/8/8/8/6kb/8/8/3B3K b - - 0 1"),
        ("atomic", "8/8/8/8/6kb/8/8/3R3K b - - 0 1"),
    ],
)
def test_a_flag_falls_for_the_side_that_can_win(name: str, fen: str) -> None:
    oracle, now = BOARDS[name](fen), [0]
    game = Game(variant=variant_of(name), fen=fen, clock=parse_time_control("60"), now_ms=lambda: now[0])
    game.start_game()
    now[0] = 100_000
    game.check_flag()
    assert game.ending is not None
    is_draw = oracle.is_insufficient_material() or oracle.has_insufficient_material(not oracle.turn)
    assert game.ending.winner == (None if is_draw else Color(int(oracle.turn)))
