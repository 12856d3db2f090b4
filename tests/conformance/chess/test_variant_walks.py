"""Random games of every variant, ply by ply beside another library: the same moves, and the same end."""

from __future__ import annotations

import random

import chess
import chess.variant
import pytest

from lakehouse.chess.variants import VARIANTS, chess960_start

ORACLES: dict[str, type[chess.Board]] = {
    "standard": chess.Board,
    "chess960": chess.Board,
    "king of the hill": chess.variant.KingOfTheHillBoard,
    "three-check": chess.variant.ThreeCheckBoard,
    "antichess": chess.variant.AntichessBoard,
    "atomic": chess.variant.AtomicBoard,
    "horde": chess.variant.HordeBoard,
    "racing kings": chess.variant.RacingKingsBoard,
    "crazyhouse": chess.variant.CrazyhouseBoard,
}


def test_every_variant_has_an_oracle() -> None:
    assert set(ORACLES) == set(VARIANTS)


def walk(name: str, *, seed: int, plies: int) -> str | None:
    """Play at random, compare at each ply, and return what ended the game."""
    variant, chooser = VARIANTS[name], random.Random(seed)
    if name == "chess960":
        number = chooser.randrange(960)
        board = variant.board_of(chess960_start(number))
        oracle = chess.Board.from_chess960_pos(number)
    else:
        board, oracle = variant.start_board(), ORACLES[name]()
    for _ in range(plies):
        moves = {m.uci(chess960=variant.is_chess960): m for m in variant.engine.legal_moves(board)}
        ending, outcome = variant.engine.ending(board), oracle.outcome()
        assert (ending is None) == (outcome is None), oracle.fen()
        if ending is not None and outcome is not None:
            winner = None if ending.winner is None else ending.winner.name.lower()
            assert winner == {True: "white", False: "black", None: None}[outcome.winner], oracle.fen()
            return ending.termination.value
        assert set(moves) == {move.uci() for move in oracle.legal_moves}, oracle.fen()
        chosen = chooser.choice(sorted(moves))
        board = variant.engine.apply(board, moves[chosen])
        oracle.push_uci(chosen)
        assert variant.engine.is_in_check(board) == oracle.is_check(), oracle.fen()
    return None


@pytest.mark.parametrize("name", list(VARIANTS))
def test_a_random_game_is_that_of_another_library(name: str) -> None:
    walk(name, seed=0, plies=100)


@pytest.mark.parametrize(
    ("fen", "is_dead"), [("8/8/8/8/8/k7/1K6/4R3 w - - 0 1", True), ("k7/8/8/8/8/8/K7/4Q3 w - - 0 1", False)]
)
def test_atomic_kings_are_dead_beside_a_rook_and_not_beside_a_queen(fen: str, is_dead: bool) -> None:
    oracle = chess.variant.AtomicBoard(fen)
    ending = VARIANTS["atomic"].engine.ending(VARIANTS["atomic"].board_of(fen))
    assert (ending is not None) == is_dead == oracle.is_insufficient_material()


def test_the_king_of_the_hill_gets_there_in_both_libraries() -> None:
    assert walk("king of the hill", seed=0, plies=300) == "variant goal"


@pytest.mark.slow
@pytest.mark.parametrize("name", list(VARIANTS))
def test_many_random_games_are_those_of_another_library(name: str) -> None:
    for seed in range(150):
        walk(name, seed=seed, plies=300)
