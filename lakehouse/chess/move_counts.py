"""Count the leaves of the tree of legal moves: the standard proof of a move generator."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from lakehouse.chess.board import Board
from lakehouse.chess.rule_engine import RuleEngine

__all__ = ["divide", "perft"]


def perft(engine: RuleEngine, board: Board, depth: int) -> int:
    """Return how many games of ``depth`` moves begin at the board."""
    if depth == 0:
        return 1
    moves = engine.legal_moves(board)
    if depth == 1:
        return len(moves)
    return sum(perft(engine, engine.apply(board, move), depth - 1) for move in moves)


def divide(
    engine: RuleEngine,
    board: Board,
    depth: int,
    *,
    chess960: bool = False,
    count: Callable[[Board, int], int] | None = None,
) -> dict[str, int]:
    """Return the count below each first move, by its UCI text, in order; ``count`` may count faster."""
    below = count or partial(perft, engine)
    counts = {
        move.uci(chess960=chess960): below(engine.apply(board, move), depth - 1)
        for move in (engine.legal_moves(board) if depth > 0 else [])
    }
    return dict(sorted(counts.items()))
