"""The UDFs give Spark what the library gives Python, in DataFrames and in SQL."""

from __future__ import annotations

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lakehouse.chess.pgn import split_games
from lakehouse.chess.replay import replay_game
from lakehouse.chess.replay_schema import replay_row
from lakehouse.chess.sample_games import nasty_pgn, sample_pgn
from lakehouse.chess.spark_udfs import REPLAY_SCHEMA, register_chess_udfs, replay_all, replay_games, uci_moves

pytestmark = pytest.mark.spark

START = "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1"


def test_a_replay_in_spark_is_the_replay_of_the_strategies(spark: SparkSession) -> None:
    games = split_games(sample_pgn(seed=11, games=24)) + split_games(nasty_pgn())
    rows = [(n, bytearray(game.raw)) for n, game in enumerate(games)]
    frame = spark.createDataFrame(rows, "n int, raw binary").repartition(2)
    expected = [replay_row(replay_game(game.raw, encoding=_encoding(game.raw))) for game in games]
    by_udf = frame.select("n", replay_games("raw").alias("replay")).orderBy("n").collect()
    by_map = replay_all(frame).orderBy("n").collect()
    some = replay_all(frame, columns=["fault", "plies"])
    assert some.columns == ["n", "raw", "fault", "plies"]
    assert [row.plies for row in some.orderBy("n").collect()] == [row["plies"] for row in expected]
    for n, row in enumerate(expected):
        assert by_udf[n].replay.asDict(recursive=True) == row
        assert {name: by_map[n][name] for name in REPLAY_SCHEMA.names} == row


def _encoding(raw: bytes) -> str:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8"


def test_the_udfs_answer_in_sql(spark: SparkSession) -> None:
    register_chess_udfs(spark)
    row = spark.sql(
        f"""SELECT size(legal_moves('{START}')) AS moves, is_legal('{START}', 'Nf3') AS yes,
        is_legal('{START}', 'Nf4') AS no, fen_after('{START}', 'e4') AS fen, fen_after('{START}', 'e5') AS none,
        classify_opening('1. e4 c5 2. Nf3').opening AS opening,
        replay_games('1. f3 e5 2. g4 Qh4# 0-1').ending AS ending"""
    ).first()
    assert row is not None
    assert (row.moves, row.yes, row.no, row.none) == (20, True, False, None)
    assert row.fen == "rnbqkbnr/pppppppp/8/8/4P3/8/PPPP1PPP/RNBQKBNR b KQkq - 0 1"
    assert (row.opening, row.ending) == ("Sicilian Defense", "checkmate")


def test_moves_come_out_as_uci(spark: SparkSession) -> None:
    frame = spark.createDataFrame([("1. e4 e5 2. Nf3",)], "pgn string")
    replayed = frame.select(replay_games(F.col("pgn")).alias("r"))
    row = replayed.select(uci_moves("r.moves", "r.variant").alias("uci")).first()
    assert row is not None
    assert row.uci == ["e2e4", "e7e5", "g1f3"]
