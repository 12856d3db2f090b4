"""What every test may ask for: one Spark session for all of them, and a warehouse of one's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """The one session of the test run: two cores, Delta, few partitions. Tests must not stop it."""
    # Imported here, so that the tests without Spark don't wait for it.
    from lakehouse.spark_session import SparkSessionFactory

    scratch = tmp_path_factory.mktemp("spark")
    fast = {
        "spark.sql.shuffle.partitions": "2",
        "spark.default.parallelism": "2",
        "spark.sql.warehouse.dir": str(scratch / "warehouse"),
        "spark.local.dir": str(scratch / "local"),
    }
    session = SparkSessionFactory.local(cores=2, conf=fast).create("lakehouse tests")
    yield session
    session.stop()


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    """An empty folder for tables, gone after the test."""
    folder = tmp_path / "warehouse"
    folder.mkdir()
    return folder
