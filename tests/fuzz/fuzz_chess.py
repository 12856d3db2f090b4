"""Fuzz the readers of FEN, moves and PGN with atheris, guided by coverage: nothing but declared errors may come.

Not collected by pytest, for atheris is no dependency. Run: ``pip install atheris``, then
``python tests/fuzz/fuzz_chess.py fen|move|pgn -max_total_time=60``.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable

import atheris

with atheris.instrument_imports(include=["lakehouse.chess"]):
    from lakehouse.chess.errors import ChessError
    from lakehouse.chess.fen import format_fen
    from lakehouse.chess.pgn import read_pgn, split_games
    from lakehouse.chess.replay import replay_game
    from lakehouse.chess.san import parse_move
    from lakehouse.chess.variants import STANDARD, VARIANTS

KIWIPETE = STANDARD.board_of("r3k2r/p1ppqpb1/bn2pnp1/3PN3/1p2P3/2N2Q1p/PPPBBPPP/R3K2R w KQkq - 0 1")


def fuzz_fen(data: bytes) -> None:
    text = data.decode("utf-8", errors="replace")
    for variant in VARIANTS.values():
        with contextlib.suppress(ChessError):
            board = variant.board_of(text)
            if variant.board_of(format_fen(board)) != board:
                raise AssertionError(text)


def fuzz_move(data: bytes) -> None:
    with contextlib.suppress(ChessError):
        parse_move(STANDARD.engine, KIWIPETE, data.decode("utf-8", errors="replace"))


def fuzz_pgn(data: bytes) -> None:
    games = split_games(data)
    if games and b"".join(game.raw for game in games) != data:
        raise AssertionError(data)
    if len(list(read_pgn(data))) != len(games):
        raise AssertionError(data)
    for game in games:
        replay_game(game.raw)


TARGETS: dict[str, Callable[[bytes], None]] = {"fen": fuzz_fen, "move": fuzz_move, "pgn": fuzz_pgn}

if __name__ == "__main__":
    atheris.Setup([sys.argv[0], *sys.argv[2:]], TARGETS[sys.argv[1]])
    atheris.Fuzz()
