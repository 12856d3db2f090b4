"""PGN files, from bytes to openings, player records and position frequencies. No game is lost on the way."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.functions import col
from pyspark.sql.types import StringType, StructField, StructType, TimestampType

from lakehouse.cache import ReferenceFile
from lakehouse.chess import UnreadableFileError, unpack_pgn
from lakehouse.chess.spark_udfs import RAW_SCHEMA, name_openings, read_games, replay_all, uci_moves
from lakehouse.cli import main
from lakehouse.ingestion import Accepted, DigestingStream, FileFormat, Inspection, Rejected
from lakehouse.pipelines import (
    DeclarativePipelineBuilder,
    Flow,
    Step,
    StepContext,
    from_files,
    read,
    word,
)
from lakehouse.source_location import caller_location

CHUNK_BYTES = 1 << 20


@word("pgn")
@dataclass(frozen=True, slots=True, kw_only=True)
class PgnFormat(FileFormat):
    """PGN, plain or packed (gzip, bzip2, zstd): each game's bytes as they are, for no wrong game must be lost here."""

    def schema(self) -> StructType:
        taken = [StructField("_source_file", StringType()), StructField("_ingested_at", TimestampType())]
        return StructType([*RAW_SCHEMA.fields, *taken])

    def inspect(self, stream: BinaryIO, *, name: str) -> Inspection:
        raw = DigestingStream(stream)
        try:
            content = unpack_pgn(raw, name=name)
            while content.read(CHUNK_BYTES):
                pass
        except UnreadableFileError as error:
            return Rejected(reason=error.reason, digest=raw.digest_of_all())
        return Accepted(digest=raw.digest_of_all())

    def read(
        self, spark: SparkSession, files: Mapping[str, Accepted], *, ingested_at: dt.datetime
    ) -> DataFrame:
        games = read_games(spark, list(files))
        return games.withColumns({"_source_file": col("file"), "_ingested_at": F.lit(ingested_at)})


def from_pgn(pattern: str) -> Flow:
    """Begin with PGN files, each taken once."""
    return from_files(pattern, format=PgnFormat())


def replayed(games: DataFrame) -> DataFrame:
    """Replay every game; the bytes go on only with a game that has a fault."""
    rows = replay_all(games, encoding="encoding")
    return rows.withColumns(
        {
            "game_id": F.xxhash64("file", "offset"),
            "year": F.expr("try_cast(substring(date, 1, 4) AS int)"),
            "raw": F.when(col("fault").isNotNull(), col("raw")),
        }
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class NameOpenings(Step):
    """Names the openings by a table of your own, which each node fetches once; without one, leaves them as they are."""

    openings: str
    """Where the table is, a text that ``compile_openings`` made; may hold ``${variables}``. Empty: nowhere."""

    @property
    def label(self) -> str:
        return f"name_openings({self.openings})"

    def apply(self, frame: DataFrame, context: StepContext) -> DataFrame:
        if not self.openings:
            return frame
        named = name_openings(ReferenceFile.at(self.openings))
        rows = frame.withColumn("named", named("position_keys", "variant"))
        return rows.withColumns({"eco": col("named.eco"), "opening": col("named.opening")}).drop("named")


def named_by(openings: str) -> Step:
    """Name openings by the table at this address."""
    return NameOpenings(openings=openings, location=caller_location())


def moves_of(games: DataFrame) -> DataFrame:
    """One row a move: its ply (moves made before it), UCI, the position after it, clock and evaluation."""
    moves = F.arrays_zip(
        uci_moves("moves", "variant").alias("uci"), "position_keys", "clocks_ms", "evaluations"
    )
    rows = games.select("game_id", F.posexplode(moves).alias("ply", "move"))
    return rows.select(
        "game_id",
        "ply",
        col("move.uci").alias("uci"),
        col("move.position_keys").alias("position_key"),
        col("move.clocks_ms").alias("clock_ms"),
        col("move.evaluations.centipawns").alias("eval_cp"),
        col("move.evaluations.mate_in").alias("mate_in"),
    )


PLAYER_RECORDS = """
SELECT player, count(*) AS games, count_if(points = 1) AS won, count_if(points = 0.5) AS drawn,
       count_if(points = 0) AS lost, min(year) AS first_year, max(year) AS last_year
FROM (
    SELECT white AS player, year, CASE result WHEN '1-0' THEN 1 WHEN '0-1' THEN 0 WHEN '1/2-1/2' THEN 0.5 END
           AS points FROM {input}
    UNION ALL
    SELECT black, year, CASE result WHEN '0-1' THEN 1 WHEN '1-0' THEN 0 WHEN '1/2-1/2' THEN 0.5 END FROM {input}
)
WHERE player IS NOT NULL AND player NOT IN ('', '?')
GROUP BY player
"""

HEAD_TO_HEAD = """
SELECT least(white, black) AS player, greatest(white, black) AS opponent, count(*) AS games,
       count_if((result = '1-0' AND white <= black) OR (result = '0-1' AND white > black)) AS won,
       count_if(result = '1/2-1/2') AS drawn,
       count_if((result = '0-1' AND white <= black) OR (result = '1-0' AND white > black)) AS lost
FROM {input} WHERE white NOT IN ('', '?') AND black NOT IN ('', '?')
GROUP BY least(white, black), greatest(white, black)
"""

MOVE_TIMES = """
SELECT time_control, ply DIV 20 AS phase, count(*) AS moves,
       cast(avg(spent_ms) AS bigint) AS mean_ms, percentile_approx(spent_ms, 0.5) AS median_ms,
       max(spent_ms) AS longest_ms
FROM (
    SELECT time_control, ply,
           lag(clock_ms, 2) OVER (PARTITION BY game_id ORDER BY ply) - clock_ms
           + coalesce(1000 * try_cast(regexp_extract(time_control, '^[0-9]+[+]([0-9]+)$', 1) AS int), 0) AS spent_ms
    FROM {input} WHERE clock_ms IS NOT NULL
)
WHERE spent_ms >= 0
GROUP BY time_control, ply DIV 20
"""

pipeline = (
    DeclarativePipelineBuilder("chess_games")
    .variable("landing", default="data/chess")
    .variable("openings", default="")
    .bronze("games_raw", from_pgn("${landing}/*.pgn*").append())
    .silver(
        "games",
        read("games_raw", incremental=True)
        .transform(replayed)
        .step(named_by("${openings}"))
        .expect_or_quarantine("playable", "fault IS NULL")
        .append(),
    )
    .silver("moves", read("games", incremental=True).transform(moves_of).append())
    .gold(
        "openings",
        read("games").aggregate(by=("eco", "opening", "year", "result"), games="count(*)").replace(),
    )
    .gold("player_records", read("games").transform(PLAYER_RECORDS).replace())
    .gold("head_to_head", read("games").transform(HEAD_TO_HEAD).replace())
    .gold(
        "move_times", read("moves").join("games", on="game_id", how="inner").transform(MOVE_TIMES).replace()
    )
    .gold(
        "position_frequency",
        read("moves").aggregate(by="position_key", times="count(*)").where("times > 1").replace(),
    )
    .build()
)

if __name__ == "__main__":
    sys.exit(main(["run", "chess_games", "--definition", __file__, *sys.argv[1:]]))
