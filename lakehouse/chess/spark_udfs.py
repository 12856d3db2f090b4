"""Chess for Spark: the Arrow functions as UDFs, for DataFrames and for SQL. Arrow goes in and comes out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, cast

import pyarrow as pa
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql.pandas.functions import arrow_udf
from pyspark.sql.pandas.types import from_arrow_type
from pyspark.sql.types import (
    ArrayType,
    BinaryType,
    BooleanType,
    DataType,
    IntegerType,
    LongType,
    StringType,
    StructField,
    StructType,
)

from lakehouse.cache import Lease, ReferenceFile, on_node
from lakehouse.chess import arrow_functions
from lakehouse.chess.openings import OpeningTable, parse_openings
from lakehouse.chess.pgn import RawGame
from lakehouse.chess.pgn.files import open_pgn
from lakehouse.chess.pgn.stream import detect_stream_encoding, stream_games
from lakehouse.chess.replay_arrow import replay_arrow, starts_of
from lakehouse.chess.replay_schema import REPLAY_TYPE
from lakehouse.settings import StorageSettings
from lakehouse.storage import known_settings, parse_uri

__all__ = [
    "RAW_SCHEMA",
    "REPLAY_SCHEMA",
    "classify_opening",
    "fen_after",
    "is_legal",
    "legal_moves",
    "name_openings",
    "read_games",
    "register_chess_udfs",
    "replay_all",
    "replay_games",
    "uci_moves",
]

REPLAY_SCHEMA = cast("StructType", from_arrow_type(REPLAY_TYPE))
"""The columns of a replay; see ``lakehouse.chess.replay_schema``."""


RAW_SCHEMA = StructType(
    [
        StructField("file", StringType()),
        StructField("game", IntegerType()),
        StructField("offset", LongType()),
        StructField("encoding", StringType()),
        StructField("raw", BinaryType()),
    ]
)
"""The games of files as they are: number and first byte in the file, the file's encoding, the bytes."""


def _udf(function: Callable[..., pa.Array], returns: DataType) -> Any:
    return arrow_udf(cast("Any", function), cast("Any", returns))


def _replay_games(games: pa.Array) -> pa.Array:
    return replay_arrow(games)


def _legal_moves(fen: pa.Array) -> pa.Array:
    return arrow_functions.legal_moves(fen)


def _is_legal(fen: pa.Array, move: pa.Array) -> pa.Array:
    return arrow_functions.is_legal(fen, move)


def _fen_after(fen: pa.Array, move: pa.Array) -> pa.Array:
    return arrow_functions.fen_after(fen, move)


def _classify_opening(games: pa.Array) -> pa.Array:
    return arrow_functions.classify_opening(games)


def _uci_moves(moves: pa.Array, variant: pa.Array) -> pa.Array:
    return arrow_functions.uci_moves(moves, variant)


replay_games = _udf(_replay_games, REPLAY_SCHEMA)
"""Replay games, bytes or text: a struct of REPLAY_SCHEMA each; ``fault`` is null for a good game."""
legal_moves = _udf(_legal_moves, ArrayType(StringType()))
"""The legal moves of a FEN, in UCI."""
is_legal = _udf(_is_legal, BooleanType())
"""Whether a move (SAN or UCI) is legal in a FEN; null for a text that is not a FEN."""
fen_after = _udf(_fen_after, StringType())
"""The FEN after a move; null for an illegal one."""
classify_opening = _udf(_classify_opening, from_arrow_type(arrow_functions.OPENING_TYPE))
"""ECO code and name of a game's opening, by position."""
uci_moves = _udf(_uci_moves, ArrayType(StringType()))
"""The packed moves of a replay as UCI; takes the columns ``moves`` and ``variant``."""

_UDFS = {
    "replay_games": replay_games,
    "legal_moves": legal_moves,
    "is_legal": is_legal,
    "fen_after": fen_after,
    "classify_opening": classify_opening,
    "uci_moves": uci_moves,
}


def register_chess_udfs(spark: SparkSession) -> tuple[str, ...]:
    """Make the UDFs known to SQL under their own names, and return these."""
    for name, function in _UDFS.items():
        spark.udf.register(name, function)
    return tuple(_UDFS)


def name_openings(table: ReferenceFile) -> Callable[[Column | str, Column | str], Column]:
    """Return a function of the columns ``position_keys`` and ``variant`` that names openings by a table of your own.

    ``table`` is a text that ``compile_openings`` made; each node fetches it once, and each worker parses it once.
    """

    def name_all(position_keys: pa.Array, variants: pa.Array) -> pa.Array:
        return arrow_functions.name_openings(position_keys, variants, table.load(on_node(), _openings_in))

    return _udf(name_all, from_arrow_type(arrow_functions.OPENING_TYPE))  # type: ignore[no-any-return]


def _openings_in(lease: Lease) -> OpeningTable:
    return parse_openings(lease.read().decode("utf-8"))


def read_games(spark: SparkSession, files: Sequence[str]) -> DataFrame:
    """Return the games of PGN files (RAW_SCHEMA), each file read by one task, in pieces, where that task runs.

    Files are local paths or URIs of objects (``s3://``, ``abfss://``) in one store, and may be packed by gzip, bzip2 or
    zstd; an offset counts the unpacked bytes. Nothing is judged here, and no game is left out.
    """
    paths = spark.createDataFrame([(file,) for file in files], StructType([RAW_SCHEMA["file"]]))
    # A task has none of the driver's registrations.
    settings = known_settings(parse_uri(files[0])) if files else None
    return paths.repartition(max(1, len(files))).mapInArrow(
        partial(_games_of_files, settings=settings), RAW_SCHEMA
    )


def _games_of_files(
    batches: Iterator[pa.RecordBatch], *, settings: StorageSettings | None
) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        for file in batch.column(0).to_pylist():
            with open_pgn(file, settings=settings) as stream:
                encoding = detect_stream_encoding(stream)
            with open_pgn(file, settings=settings) as stream:
                for games in stream_games(stream, starts_of=starts_of):
                    yield _raw_batch(file, encoding, games)


def _raw_batch(file: str, encoding: str, games: list[RawGame]) -> pa.RecordBatch:
    columns = [
        pa.array([file] * len(games), pa.string()),
        pa.array([game.index for game in games], pa.int32()),
        pa.array([game.offset for game in games], pa.int64()),
        pa.array([encoding] * len(games), pa.string()),
        pa.array([game.raw for game in games], pa.binary()),
    ]
    return pa.RecordBatch.from_arrays(columns, names=RAW_SCHEMA.names)


def replay_all(
    games: DataFrame,
    *,
    raw: str = "raw",
    encoding: str | None = None,
    columns: Sequence[str] | None = None,
    strict: bool = False,
) -> DataFrame:
    """Return the rows with a replay's columns, or some of them, beside them, in one pass of ``mapInArrow``.

    This is the way for corpora: nothing is copied between columns. ``encoding`` names the column that says
    ``latin-1`` where a game is in it. What is not written by the rules is repaired and listed in ``repairs``;
    ``strict`` makes it the game's fault.
    """
    names = REPLAY_SCHEMA.names if columns is None else list(columns)
    schema = StructType([*games.schema.fields, *(REPLAY_SCHEMA[name] for name in names)])

    def replayed(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            encodings = None if encoding is None else batch.column(encoding)
            replays = replay_arrow(batch.column(raw), encodings, columns=names, strict=strict)
            yield pa.RecordBatch.from_arrays(
                [*batch.columns, *replays.flatten()], names=[*batch.schema.names, *names]
            )

    return games.mapInArrow(replayed, schema)
