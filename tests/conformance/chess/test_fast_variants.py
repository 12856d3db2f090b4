"""The compiled variants beside another library: random games, moves nobody may make, and what ends a game."""

from __future__ import annotations

import random

import chess
import chess.variant
import pyarrow as pa
import pytest

from lakehouse.chess.arrow_functions import uci_moves
from lakehouse.chess.fast.replaying import replay_fast
from lakehouse.chess.replay_arrow import Core, replay_arrow
from lakehouse.chess.replay_schema import REPLAY_TYPE

ORACLES: dict[str, type[chess.Board]] = {
    "king of the hill": chess.variant.KingOfTheHillBoard,
    "three-check": chess.variant.ThreeCheckBoard,
    "antichess": chess.variant.AntichessBoard,
    "atomic": chess.variant.AtomicBoard,
    "horde": chess.variant.HordeBoard,
    "racing kings": chess.variant.RacingKingsBoard,
    "crazyhouse": chess.variant.CrazyhouseBoard,
}
variants = pytest.mark.parametrize("name", list(ORACLES))


def played(name: str, *, seed: int, plies: int) -> tuple[str, chess.Board]:
    """Play a random game by the other library's rules; return its movetext and its last position."""
    chooser, board, words = random.Random(f"{name} {seed}"), ORACLES[name](), []
    for _ in range(plies):
        if board.is_game_over():
            break
        moves = list(board.legal_moves)
        captures = [move for move in moves if board.is_capture(move)]
        move = chooser.choice(captures if captures and chooser.random() < 0.3 else moves)
        words.append(board.uci(move) if chooser.random() < 0.1 else board.san(move))
        board.push(move)
    return " ".join(words), board


def texts_of(name: str, games: list[str]) -> pa.Array:
    return pa.array([f'[Variant "{name}"]\n\n{text} *\n'.encode() for text in games])


def without_clock(name: str, fen: str) -> str:
    """Leave crazyhouse's halfmove clock out: the other library counts a dropped pawn as no pawn's move."""
    fields = fen.split()
    return " ".join(fields[:4] + fields[5:]) if name == "crazyhouse" else fen


@variants
def test_random_games_are_those_of_another_library(name: str) -> None:
    games = [played(name, seed=seed, plies=160) for seed in range(40)]
    texts = texts_of(name, [text for text, _ in games])
    rows, doubtful = replay_fast(texts, [False] * len(texts), REPLAY_TYPE)
    assert doubtful == []
    moves = uci_moves(rows.field("moves"), rows.field("variant")).to_pylist()
    for (text, board), row, uci in zip(games, rows.to_pylist(), moves, strict=True):
        assert uci == [move.uci() for move in board.move_stack], text
        assert without_clock(name, row["final_fen"]) == without_clock(name, board.fen()), text
        outcome = board.outcome()
        assert (row["ending"] is not None) == (outcome is not None), board.fen()
        if outcome is not None:
            winner = {True: "white", False: "black", None: None}[outcome.winner]
            assert row["winner"] == winner, board.fen()


@variants
def test_both_cores_replay_random_games_alike(name: str) -> None:
    texts = texts_of(name, [played(name, seed=seed, plies=90)[0] for seed in range(100, 104)])
    fast, plain = (replay_arrow(texts, core=core).to_pylist() for core in (Core.FAST, Core.PLAIN))
    for ours, theirs in zip(fast, plain, strict=True):
        assert ours == theirs


@variants
def test_a_move_that_the_variant_forbids_is_the_fault_of_its_game_alone(name: str) -> None:
    chooser, games, forbidden = random.Random(name), [], []
    for seed in range(60):
        text, board = played(name, seed=seed + 1_000, plies=chooser.randint(4, 60))
        legal = set(board.legal_moves)
        others = [m for m in board.pseudo_legal_moves if m not in legal and not board.is_castling(m)]
        squares = [chess.Move(chooser.randrange(64), chooser.randrange(64)) for _ in range(40)]
        others += [m for m in squares if m.from_square != m.to_square and m not in legal]
        others = [m for m in others if not _is_castling_by_rook(board, m)]
        move = chooser.choice(others)
        games += [f"{text} {move.uci()} e4", text]
        forbidden += [len(board.move_stack), None]
    rows, doubtful = replay_fast(texts_of(name, games), [False] * len(games), REPLAY_TYPE)
    assert doubtful == []
    assert rows.field("fault_ply").to_pylist() == forbidden


def _is_castling_by_rook(board: chess.Board, move: chess.Move) -> bool:
    """King takes own rook names a castling here, and is nothing to the other library outside of Chess960."""
    own = board.color_at(move.from_square) == board.color_at(move.to_square)
    return own and board.piece_type_at(move.from_square) == chess.KING


@pytest.mark.slow
@pytest.mark.timeout(1800)
@variants
def test_many_random_games_are_those_of_another_library(name: str) -> None:
    games = [played(name, seed=seed, plies=300) for seed in range(10_000, 10_600)]
    rows = replay_arrow(texts_of(name, [text for text, _ in games]), core=Core.FAST)
    fens = [without_clock(name, fen) for fen in rows.field("final_fen").to_pylist()]
    assert fens == [without_clock(name, board.fen()) for _, board in games]
