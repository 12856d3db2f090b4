"""Perft(5) from the start on one core: the fast core and the strategies beside python-chess.

Times are CPU seconds of this process, medians; counts must agree. Run: ``python benchmarks/chess_perft.py``.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import chess

from lakehouse.chess.fast.perft import fast_perft
from lakehouse.chess.move_counts import perft
from lakehouse.chess.variants import STANDARD


def oracle_perft(board: chess.Board, depth: int) -> int:
    """Count with python-chess, the last ply in bulk."""
    if depth == 1:
        return board.legal_moves.count()
    nodes = 0
    for move in board.legal_moves:
        board.push(move)
        nodes += oracle_perft(board, depth - 1)
        board.pop()
    return nodes


def measure(count: Callable[[], int], *, repeat: int, expected: int) -> float:
    """Return the median CPU seconds of a count, which must be right."""
    seconds = []
    for _ in range(repeat):
        started = time.process_time()
        if count() != expected:
            raise SystemExit("the counts differ")
        seconds.append(time.process_time() - started)
    return statistics.median(seconds)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--repeat", type=int, default=7)
    arguments.add_argument("--oracle-repeat", type=int, default=1)
    options = arguments.parse_args()
    start, nodes, shallow = STANDARD.start_board(), 4_865_609, 197_281
    fast_perft(start, 3)
    fast = measure(lambda: fast_perft(start, 5), repeat=options.repeat, expected=nodes)
    oracle = measure(lambda: oracle_perft(chess.Board(), 5), repeat=options.oracle_repeat, expected=nodes)
    plain = measure(lambda: perft(STANDARD.engine, start, 4), repeat=1, expected=shallow)
    oracle_rate = nodes / oracle
    print(f"{'':28}{'nodes/s':>14}{'x python-chess':>16}")
    for name, rate in (
        ("python-chess, depth 5", oracle_rate),
        ("fast core, depth 5", nodes / fast),
        ("strategies, depth 4", shallow / plain),
    ):
        print(f"{name:28}{rate:>14,.0f}{rate / oracle_rate:>16.2f}")


if __name__ == "__main__":
    main()
