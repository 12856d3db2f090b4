"""What several of the tests on Spark need."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lakehouse.cache.node_cache import DIRECTORY, ENABLED

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@pytest.fixture
def cached_spark(spark: SparkSession, tmp_path: Path) -> Iterator[SparkSession]:
    """The session, its nodes' cache in a folder of the test."""
    spark.conf.set(DIRECTORY, str(tmp_path / "cache"))
    yield spark
    spark.conf.unset(DIRECTORY)
    spark.conf.unset(ENABLED)
