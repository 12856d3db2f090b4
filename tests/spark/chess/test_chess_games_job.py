"""The job from files to Gold: every game is somewhere, and the counts are those of plain Python."""

from __future__ import annotations

import runpy
from collections import Counter
from collections.abc import Hashable, Iterator
from pathlib import Path

import pytest
import zstandard
from pyspark.sql import SparkSession

from lakehouse.chess.pgn import PgnGame, QuarantinedGame, read_pgn
from lakehouse.chess.sample_games import nasty_pgn, sample_pgn
from lakehouse.pipelines import run_pipeline
from lakehouse.settings import S3Storage
from lakehouse.storage import schemes, storage_for
from tests.conformance.storage import storage_servers
from tests.conformance.storage.storage_servers import PLACE, S3_ENVIRONMENT

pytestmark = [pytest.mark.spark, pytest.mark.timeout(900)]

PIPELINE = runpy.run_path(str(Path(__file__).parents[3] / "jobs" / "chess_games.py"))["pipeline"]

EVALUATED = b'[Event "evals"]\n\n1. e4 {[%eval 0.33] [%clk 0:05:00]} e5 {[%eval #-3]} += 2. Nf3 *\n'


@pytest.fixture(scope="module")
def lake(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory):
    """The job's tables over two files, and what plain Python reads from the same files."""
    folder = tmp_path_factory.mktemp("chess")
    landing = folder / "landing"
    landing.mkdir()
    (landing / "a.pgn").write_bytes(sample_pgn(seed=5, games=40))
    (landing / "b.pgn").write_bytes(nasty_pgn())
    (landing / "c.pgn.zst").write_bytes(zstandard.ZstdCompressor().compress(EVALUATED))
    result = run_pipeline(
        PIPELINE, spark=spark, warehouse=str(folder / "lake"), variables={"landing": str(landing)}
    )
    assert result.status == "ok", result.failures
    read = [game for file in ("a.pgn", "b.pgn") for game in read_pgn((landing / file).read_bytes())]
    read += read_pgn(EVALUATED)
    return folder / "lake", read


def rows_of(spark: SparkSession, warehouse: Path, table: str):
    return spark.read.format("delta").load(str(warehouse / table)).collect()


def test_games_in_are_games_out_and_games_quarantined(spark: SparkSession, lake) -> None:
    warehouse, read = lake
    raw = rows_of(spark, warehouse, "bronze/games_raw")
    bad = rows_of(spark, warehouse, "silver/games_quarantine")
    good = rows_of(spark, warehouse, "silver/games")
    assert len(raw) == len(read) == len(good) + len(bad)
    expected = {
        (game.source.offset, game.ply, bytes(game.source.raw))
        for game in read
        if isinstance(game, QuarantinedGame)
    }
    assert {(row.offset, row.fault_ply, bytes(row.raw)) for row in bad} == expected
    assert all(row._errors[0].rule == "playable" for row in bad)
    assert sorted(row.plies for row in good) == sorted(
        len(game.moves) for game in read if isinstance(game, PgnGame)
    )


def test_every_move_is_a_row(spark: SparkSession, lake) -> None:
    warehouse, read = lake
    moves = Counter(row.uci for row in rows_of(spark, warehouse, "silver/moves"))
    expected = Counter(
        made.move.uci(chess960=game.variant.is_chess960)
        for game in read
        if isinstance(game, PgnGame)
        for made in game.moves
    )
    assert moves == expected


def test_gold_counts_what_plain_python_counts(spark: SparkSession, lake) -> None:
    warehouse, read = lake
    games = [game for game in read if isinstance(game, PgnGame)]
    openings = rows_of(spark, warehouse, "gold/openings")
    assert sum((Counter({(row.year, row.result): row.games}) for row in openings), Counter()) == Counter(
        (_year(game), game.result) for game in games
    )
    records = {
        row.player: (row.games, row.won, row.drawn, row.lost)
        for row in rows_of(spark, warehouse, "gold/player_records")
    }
    assert records == _records(games)
    pairs = Counter(
        tuple(sorted((game.tags["White"], game.tags["Black"])))
        for game in games
        if {"White", "Black"} <= game.tags.keys()
    )
    found = {(row.player, row.opponent): row.games for row in rows_of(spark, warehouse, "gold/head_to_head")}
    assert found == pairs
    times = rows_of(spark, warehouse, "gold/move_times")
    assert {row.time_control for row in times} <= {"180+2", "600", "300d5", "40/5400:900+30"}
    assert all(0 <= row.median_ms <= row.longest_ms <= 9_000 + 2_000 for row in times)
    frequent = rows_of(spark, warehouse, "gold/position_frequency")
    positions = Counter(position for game in games for position in _positions(game))
    assert sorted(row.times for row in frequent) == sorted(n for n in positions.values() if n > 1)


def _year(game: PgnGame) -> int | None:
    year = game.tags.get("Date", "")[:4]
    return int(year) if year.isdecimal() else None


def _positions(game: PgnGame) -> Iterator[Hashable]:
    """The positions after each move, whatever the variant: an empty pocket counts as no pocket."""
    board = game.start
    for made in game.moves:
        board = game.variant.engine.apply(board, made.move)
        state = board.variant_state
        held = "" if state is None else (state.fen_pocket() + state.fen_field()).strip("[]")
        yield (board.squares, board.turn, board.castling_rooks, board.en_passant, held)


def _records(games: list[PgnGame]) -> dict[str, tuple[int, int, int, int]]:
    points = {"1-0": (1, 0), "0-1": (0, 1), "1/2-1/2": (0.5, 0.5), "*": (None, None)}
    scores: dict[str, list[float | None]] = {}
    for game in games:
        for tag, score in zip(("White", "Black"), points[game.result], strict=True):
            if tag in game.tags:
                scores.setdefault(game.tags[tag], []).append(score)
    return {name: (len(s), s.count(1), s.count(0.5), s.count(0)) for name, s in scores.items()}


def test_a_packed_game_keeps_its_evaluations_and_lists_its_repairs(spark: SparkSession, lake) -> None:
    warehouse, _ = lake
    (game,) = [row for row in rows_of(spark, warehouse, "silver/games") if row.event == "evals"]
    assert game.repairs == ["ply 2: read '+=' as $14"]
    moves = [row for row in rows_of(spark, warehouse, "silver/moves") if row.game_id == game.game_id]
    found = [
        (row.uci, row.clock_ms, row.eval_cp, row.mate_in) for row in sorted(moves, key=lambda row: row.ply)
    ]
    assert found == [("e2e4", 300_000, 33, None), ("e7e5", None, None, -3), ("g1f3", None, None, None)]


@pytest.mark.slow
def test_files_in_a_cloud_are_taken_like_local_ones_and_a_damaged_one_is_set_aside(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable, value in S3_ENVIRONMENT.items():
        monkeypatch.setenv(variable, value)
        monkeypatch.setitem(spark.sparkContext.environment, variable, value)
    packed = zstandard.ZstdCompressor().compress(sample_pgn(seed=7, games=6))
    with storage_servers.moto() as server:
        settings = S3Storage(bucket=PLACE, endpoint=server.endpoint)
        monkeypatch.setitem(schemes._KNOWN, ("s3", PLACE), settings)
        store = storage_for(f"s3://{PLACE}/games")
        store.write("a.pgn.zst", packed)
        store.write("b.pgn", EVALUATED)
        store.write("c.pgn.zst", packed[:-9])
        result = run_pipeline(
            PIPELINE,
            spark=spark,
            warehouse=str(tmp_path),
            variables={"landing": f"s3://{PLACE}/games"},
            select=["games_raw"],
        )
    assert result.status == "ok", result.failures
    taken = Counter(row._source_file for row in rows_of(spark, tmp_path, "bronze/games_raw"))
    assert taken == {store.uri("a.pgn.zst"): 6, store.uri("b.pgn"): 1}
    (aside,) = rows_of(spark, tmp_path, "bronze/games_raw_quarantine")
    assert aside._source_file == store.uri("c.pgn.zst")
    assert "damaged or cut off" in aside._errors[0].message
