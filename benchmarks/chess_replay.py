"""PGN bytes to validated moves, final position and ending, on one core, beside the peers.

The fast core is timed with what is asked (moves, FEN, ending), from games that are cut already, as the Rust binding
(shakmaty) gets them, and from the file's bytes; and from these in full (opening, position keys, clocks, ten tags
too). The Rust binding gives every board as an array and no FEN; python-chess builds its tree. Times are CPU seconds,
medians.
Run: ``python benchmarks/chess_replay.py [--corpus FOLDER_OF_PGN]``.
"""

from __future__ import annotations

import argparse
import io
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import chess.pgn
import pyarrow as pa
import rust_pgn_reader_python_binding as rust

from lakehouse.chess.replay_arrow import Core, replay_arrow, split_arrow

SAMPLES = Path(__file__).parents[1] / "data" / "chess" / "samples.pgn"
ASKED = ("moves", "final_fen", "ending")


def read_corpus(folder: Path | None) -> bytes:
    """Join the folder's files, or return the samples of standard chess."""
    paths = [SAMPLES] if folder is None else sorted(folder.glob("*.pgn"))
    data = b"".join(path.read_bytes() for path in paths)
    games = [game for game in split_arrow(data)[0].to_pylist() if b"[Variant " not in game]
    return b"".join(games)


def ours(data: bytes, core: Core, *, columns: Sequence[str] | None = None) -> None:
    games, _ = split_arrow(data, core=core)
    replay_arrow(games, core=core, columns=columns)


def python_chess(data: bytes) -> None:
    """Read, replay and judge each game with ``read_game``."""
    text = io.StringIO(data.decode("latin-1"))
    while (game := chess.pgn.read_game(text)) is not None:
        board = game.end().board()
        board.fen()
        board.outcome()


def rust_binding(games: pa.Array) -> None:
    parsed = rust.parse_games(pa.chunked_array([games.cast(pa.string())]), num_threads=1)
    for chunk in parsed.chunks:
        _ = (chunk.from_squares, chunk.to_squares, chunk.promotions, chunk.boards, chunk.is_checkmate)


def games_per_second(run: Callable[[], None], *, games: int, repeat: int) -> float:
    """Return the median rate by CPU time, the first run aside."""
    seconds = []
    for _ in range(repeat):
        started = time.process_time()
        run()
        seconds.append(time.process_time() - started)
    return games / statistics.median(seconds)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--corpus", type=Path, default=None)
    arguments.add_argument("--repeat", type=int, default=5)
    arguments.add_argument("--peer-games", type=int, default=1_000, help="games given to the slow ones")
    options = arguments.parse_args()
    data = read_corpus(options.corpus)
    games, _ = split_arrow(data)
    count = len(games)
    step = max(1, count // options.peer_games)
    few = b"".join(games.take(pa.array(range(0, count, step))).to_pylist())
    few_count = len(range(0, count, step))
    text = pa.array([game.decode("latin-1") for game in games.to_pylist()])
    ours(few, Core.FAST)
    rates = {
        "python-chess read_game": games_per_second(lambda: python_chess(few), games=few_count, repeat=1),
        "strategies": games_per_second(lambda: ours(few, Core.PLAIN), games=few_count, repeat=1),
        "Rust binding, 1 thread": games_per_second(
            lambda: rust_binding(text), games=count, repeat=options.repeat
        ),
        "fast core, games cut": games_per_second(
            lambda: replay_arrow(games, core=Core.FAST, columns=ASKED), games=count, repeat=options.repeat
        ),
        "fast core": games_per_second(
            lambda: ours(data, Core.FAST, columns=ASKED),
            games=count,
            repeat=options.repeat,
        ),
        "fast core in full": games_per_second(
            lambda: ours(data, Core.FAST), games=count, repeat=options.repeat
        ),
    }
    print(f"{count} games; every {step}th of them for python-chess and the strategies")
    print(f"{'':28}{'games/s':>12}{'x python-chess':>16}")
    for name, rate in rates.items():
        print(f"{name:28}{rate:>12,.0f}{rate / rates['python-chess read_game']:>16.2f}")


if __name__ == "__main__":
    main()
