"""Chess for Spark: the Arrow functions as UDFs, for DataFrames and for SQL. Arrow goes in and comes out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, cast

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.pandas.functions import ArrowUDFType, arrow_udf
from pyspark.sql.pandas.types import from_arrow_type
from pyspark.sql.types import ArrayType, BooleanType, DataType, StringType, StructType

from lakehouse.chess import arrow_functions
from lakehouse.chess.replay_arrow import replay_arrow
from lakehouse.chess.replay_schema import REPLAY_TYPE

__all__ = [
    "REPLAY_SCHEMA",
    "classify_opening",
    "fen_after",
    "is_legal",
    "legal_moves",
    "register_chess_udfs",
    "replay_all",
    "replay_games",
    "uci_moves",
]

REPLAY_SCHEMA = cast("StructType", from_arrow_type(REPLAY_TYPE))
"""The columns of a replay; see ``lakehouse.chess.replay_schema``."""


def _udf(function: Callable[..., pa.Array], returns: DataType) -> Any:
    return arrow_udf(cast("Any", function), cast("Any", returns), ArrowUDFType.SCALAR)


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
"""Whether a move (SAN or UCI) is legal in a FEN; null for a FEN that is none."""
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


def replay_all(games: DataFrame, *, raw: str = "raw", encoding: str | None = None) -> DataFrame:
    """Return the rows with a replay's columns beside them, in one pass of ``mapInArrow``.

    This is the way for corpora: nothing is copied between columns. ``encoding`` names the column that says
    ``latin-1`` where a game is in it.
    """
    schema = StructType([*games.schema.fields, *REPLAY_SCHEMA.fields])

    def replayed(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            encodings = None if encoding is None else batch.column(encoding)
            replays = replay_arrow(batch.column(raw), encodings)
            columns = [*batch.columns, *replays.flatten()]
            names = [*batch.schema.names, *REPLAY_SCHEMA.names]
            yield pa.RecordBatch.from_arrays(columns, names=names)

    return games.mapInArrow(replayed, schema)
