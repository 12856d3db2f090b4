"""The chess job under spark-submit: its Python workers replay the games, and none is lost."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from job_programs import ROOT, SPARK_HOME, environment, ran
from pyspark.sql import SparkSession

from lakehouse.chess.pgn import split_games

pytestmark = [pytest.mark.spark, pytest.mark.slow, pytest.mark.timeout(900)]


def test_the_chess_job_runs_under_spark_submit(spark: SparkSession, tmp_path: Path) -> None:
    given = environment(PYSPARK_DRIVER_PYTHON=sys.executable)
    submit = [SPARK_HOME / "bin" / "spark-submit", "--master", "local[2]"]
    options = ["--properties-file", "conf/spark-defaults.conf"]
    answer = ran([*submit, *options, "jobs/chess_games.py", "--warehouse", tmp_path], cwd=ROOT, env=given)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    rows = {
        table: spark.read.format("delta").load(str(tmp_path / table)).count()
        for table in ("bronze/games_raw", "silver/games", "silver/games_quarantine", "gold/openings")
    }
    landed = sum(len(split_games(file.read_bytes())) for file in (ROOT / "data" / "chess").glob("*.pgn"))
    assert rows["bronze/games_raw"] == landed == rows["silver/games"] + rows["silver/games_quarantine"]
    assert rows["silver/games_quarantine"] == 5
    assert rows["gold/openings"] > 10
