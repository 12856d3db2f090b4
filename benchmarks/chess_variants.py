"""Games of every variant, and games with an illegal move, beside python-chess on one core.

The games are random ones by python-chess, in SAN, so each is as long as chance makes it. The fast core is asked for
moves, last position and ending; python-chess reads, replays and judges with ``read_game``. CPU seconds of this process,
medians, the same games for both. Run: ``python benchmarks/chess_variants.py``.
"""

from __future__ import annotations

import argparse
import io
import random
import statistics
import time
from collections.abc import Callable

import chess
import chess.pgn
import chess.variant
import pyarrow as pa

from lakehouse.chess.replay_arrow import Core, replay_arrow

ASKED = ("moves", "final_fen", "ending", "repairs", "fault")
BOARDS: dict[str, type[chess.Board]] = {
    "standard": chess.Board,
    "King of the Hill": chess.variant.KingOfTheHillBoard,
    "Three-check": chess.variant.ThreeCheckBoard,
    "Antichess": chess.variant.AntichessBoard,
    "Atomic": chess.variant.AtomicBoard,
    "Horde": chess.variant.HordeBoard,
    "Racing Kings": chess.variant.RacingKingsBoard,
    "Crazyhouse": chess.variant.CrazyhouseBoard,
}


def random_game(name: str, *, seed: int) -> str:
    """Return a random game of up to 120 plies as PGN."""
    chooser, board = random.Random(seed), BOARDS[name]()
    while not board.is_game_over() and board.ply() < 120:
        board.push(chooser.choice(list(board.legal_moves)))
    game = chess.pgn.Game.from_board(board)
    game.headers["Variant"] = name.title()
    return f"{game}\n\n"


def with_illegal_move(text: str) -> str:
    """Put a move that nobody can make two thirds into the movetext."""
    words = text.split(" ")
    place = len(words) * 2 // 3
    return " ".join([*words[:place], "Kxa9", *words[place:]])


def with_sign(text: str) -> str:
    """Put a sign that says nothing to a program a third into the movetext."""
    words = text.split(" ")
    place = len(words) // 3
    return " ".join([*words[:place], "+=", *words[place:]])


def python_chess(texts: list[str]) -> None:
    for text in texts:
        game = chess.pgn.read_game(io.StringIO(text))
        if game is not None:
            board = game.end().board()
            board.fen()
            board.outcome()


def seconds_of(run: Callable[[], object], *, repeat: int) -> float:
    """Return the median CPU seconds of a run."""
    seconds = []
    for _ in range(repeat):
        started = time.process_time()
        run()
        seconds.append(time.process_time() - started)
    return statistics.median(seconds)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--games", type=int, default=300)
    arguments.add_argument("--repeat", type=int, default=5)
    options = arguments.parse_args()
    corpora = {name: [random_game(name, seed=seed) for seed in range(options.games)] for name in BOARDS}
    corpora["standard, illegal move"] = [with_illegal_move(text) for text in corpora["standard"]]
    corpora["standard, stray sign"] = [with_sign(text) for text in corpora["standard"]]
    corpora["Crazyhouse, illegal move"] = [with_illegal_move(text) for text in corpora["Crazyhouse"]]
    print(f"{options.games} games each")
    print(f"{'':28}{'python-chess':>14}{'fast core':>12}{'ratio':>8}")
    for name, texts in corpora.items():
        games = pa.array([text.encode() for text in texts])
        replay_arrow(games, core=Core.FAST, columns=ASKED)
        theirs = seconds_of(lambda texts=texts: python_chess(texts), repeat=1)
        ours = seconds_of(
            lambda games=games: replay_arrow(games, core=Core.FAST, columns=ASKED), repeat=options.repeat
        )
        rates = len(texts) / theirs, len(texts) / ours
        print(f"{name:28}{rates[0]:>12,.0f}/s{rates[1]:>10,.0f}/s{rates[1] / rates[0]:>8.0f}")


if __name__ == "__main__":
    main()
