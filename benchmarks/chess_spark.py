"""The same games through Spark's ``mapInArrow`` on local cores: the fast core, the Rust binding, python-chess.

Output is one row a game: packed moves, the last position, its ending. The Rust binding is spared the FEN: its
last board goes out as 64 bytes. It can't be asked for less than every board, nor give an ending by repetition;
the fast core is asked for these three columns, and then for all of a replay's (openings, position keys,
clocks, tags), of which three go out. Wall seconds, medians of warm runs, python-chess on fewer games.
Run: ``python benchmarks/chess_spark.py [--corpus FOLDER_OF_PGN]``.
"""

from __future__ import annotations

import argparse
import io
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import chess
import chess.pgn
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import rust_pgn_reader_python_binding as rust
from pyspark.sql import DataFrame, SparkSession

from lakehouse.chess.replay_arrow import replay_arrow, split_arrow
from lakehouse.spark_session import SparkSessionFactory

SAMPLES = Path(__file__).parents[1] / "data" / "chess" / "samples.pgn"
SCHEMA = "moves binary, last binary, ending string"
Batches = Iterator[pa.RecordBatch]


def by_fast_core(batches: Batches) -> Batches:
    return _by_fast_core(batches, columns=("moves", "final_fen", "ending"))


def by_fast_core_in_full(batches: Batches) -> Batches:
    return _by_fast_core(batches, columns=None)


def _by_fast_core(batches: Batches, *, columns: Sequence[str] | None) -> Batches:
    for batch in batches:
        replays = replay_arrow(batch.column(0), columns=columns)
        last = replays.field("final_fen").cast(pa.binary())
        row = [replays.field("moves"), last, replays.field("ending")]
        yield pa.RecordBatch.from_arrays(row, names=["moves", "last", "ending"])


def by_rust(batches: Batches) -> Batches:
    for batch in batches:
        parsed = rust.parse_games(pa.chunked_array([batch.column(0).cast(pa.string())]), num_threads=1)
        for chunk in parsed.chunks:
            packed = chunk.from_squares.astype(np.uint16) | chunk.to_squares.astype(np.uint16) << 6
            packed |= np.maximum(chunk.promotions, 0).astype(np.uint16) << 12
            offsets = np.asarray(chunk.move_offsets, dtype=np.int64)
            ends = np.asarray(chunk.position_offsets, dtype=np.int64)[1:] - 1
            boards = np.ascontiguousarray(chunk.boards[ends]).reshape(len(ends), 64)
            mates, stalemates = np.asarray(chunk.is_checkmate), np.asarray(chunk.is_stalemate)
            codes = np.where(mates, 1, np.where(stalemates, 2, 0)).astype(np.int8)
            endings = pa.array([None, "checkmate", "stalemate"]).take(pa.array(codes))
            moves = _binary((offsets * 2).astype(np.int32), packed)
            last = _binary(np.arange(0, 64 * len(ends) + 1, 64, dtype=np.int32), boards)
            yield pa.RecordBatch.from_arrays([moves, last, endings], names=["moves", "last", "ending"])


def _binary(offsets: np.ndarray, data: np.ndarray) -> pa.BinaryArray:
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(data)]
    return pa.Array.from_buffers(pa.binary(), len(offsets) - 1, buffers)


def by_python_chess(batches: Batches) -> Batches:
    for batch in batches:
        rows = [_judged(raw) for raw in batch.column(0).to_pylist()]
        arrays = [
            pa.array([row[n] for row in rows], t)
            for n, t in enumerate((pa.binary(), pa.binary(), pa.string()))
        ]
        yield pa.RecordBatch.from_arrays(arrays, names=["moves", "last", "ending"])


def _judged(raw: bytes) -> tuple[bytes, bytes, str | None]:
    game = chess.pgn.read_game(io.StringIO(raw.decode("latin-1")))
    if game is None:
        return b"", b"", None
    moves = b"".join((m.from_square | m.to_square << 6).to_bytes(2, "little") for m in game.mainline_moves())
    board = game.end().board()
    outcome = board.outcome()
    return moves, board.fen().encode(), None if outcome is None else outcome.termination.name


def seconds_of(frame: DataFrame, function: Callable[[Batches], Batches], *, repeat: int) -> float:
    """Return the median wall time of a pass, the first one aside."""
    seconds = []
    for _ in range(repeat + 1):
        started = time.perf_counter()
        frame.mapInArrow(function, SCHEMA).write.format("noop").mode("overwrite").save()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds[1:])


def table_of(spark: SparkSession, folder: Path, games: list[bytes], *, cores: int) -> DataFrame:
    """Write the games as one Parquet file a core, and return the table."""
    folder.mkdir()
    for part in range(cores):
        pq.write_table(
            pa.table({"raw": pa.array(games[part::cores], pa.binary())}), folder / f"{part}.parquet"
        )
    return spark.read.parquet(str(folder))


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--corpus", type=Path, default=None)
    arguments.add_argument("--cores", type=int, default=2)
    arguments.add_argument("--games", type=int, default=100_000, help="made by repeating")
    arguments.add_argument("--peer-games", type=int, default=3_000, help="games given to python-chess")
    arguments.add_argument("--repeat", type=int, default=3)
    options = arguments.parse_args()
    paths = [SAMPLES] if options.corpus is None else sorted(options.corpus.glob("*.pgn"))
    found = [
        g for path in paths for g in split_arrow(path.read_bytes())[0].to_pylist() if b"[Variant " not in g
    ]
    games = (found * (options.games // len(found) + 1))[: options.games]
    spark = SparkSessionFactory.local(cores=options.cores).create("chess benchmark")
    with tempfile.TemporaryDirectory() as folder:
        many = table_of(spark, Path(folder, "many"), games, cores=options.cores)
        few = table_of(
            spark,
            Path(folder, "few"),
            games[:: max(1, len(games) // options.peer_games)],
            cores=options.cores,
        )
        few_count = few.count()
        rates = {
            "python-chess": few_count / seconds_of(few, by_python_chess, repeat=1),
            "Rust binding": len(games) / seconds_of(many, by_rust, repeat=options.repeat),
            "fast core": len(games) / seconds_of(many, by_fast_core, repeat=options.repeat),
            "fast core in full": len(games) / seconds_of(many, by_fast_core_in_full, repeat=options.repeat),
        }
    spark.stop()
    print(f"{len(games)} games on {options.cores} cores ({few_count} for python-chess)")
    print(f"{'':20}{'games/s':>12}{'x python-chess':>16}{'x Rust':>10}")
    for name, rate in rates.items():
        print(
            f"{name:20}{rate:>12,.0f}{rate / rates['python-chess']:>16.1f}{rate / rates['Rust binding']:>10.2f}"
        )


if __name__ == "__main__":
    main()
