"""What every test may ask for: one Spark session for all of them, and a warehouse of one's own."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


_WITH_SPARK = "tests/spark/"
_MANY = 50
"""Tests with Spark, for which the class data pay in the same run."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Give all tests with Spark to one process, so that they share one session; the others go beside them."""
    from xdist.scheduler import LoadScopeScheduling

    class SparkTogether(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
        def _split_scope(self, nodeid: str) -> str:
            return "spark" if nodeid.startswith(_WITH_SPARK) else nodeid

    return SparkTogether(config, log)


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    """Name bytes by their argument: a packed file holds the second of its packing, and each process collects alone."""
    return argname if isinstance(val, bytes) else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have Spark's chess tests last of those with Spark: by then the other process has compiled the kernels."""
    items.sort(key=lambda item: item.nodeid.startswith(f"{_WITH_SPARK}chess/"))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Have the class data of Spark's start built while tests run that need no Spark, on a core that they leave."""
    if sum(item.get_closest_marker("spark") is not None for item in session.items) > _MANY:
        from lakehouse.errors import LakehouseError
        from lakehouse.spark_session import SparkSessionFactory

        with contextlib.suppress(LakehouseError):
            SparkSessionFactory().launch().class_data.prepare_next_start()


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """The one session of the test run: two cores, Delta, few partitions. Tests must not stop it."""
    # Imported here, so that the tests without Spark don't wait for it.
    from lakehouse.settings import Settings, SparkSettings
    from lakehouse.spark_session import SparkSessionFactory

    scratch = tmp_path_factory.mktemp("spark")
    fast = {
        "spark.sql.shuffle.partitions": "2",
        "spark.default.parallelism": "2",
        "spark.sql.warehouse.dir": str(scratch / "warehouse"),
        "spark.local.dir": str(scratch / "local"),
    }
    # Hundreds of tests share the session, so that the second compiler pays.
    settings = Settings(spark=SparkSettings(master="local[2]", conf=fast, compiler="full"))
    session = SparkSessionFactory(settings).create("lakehouse tests")
    yield session
    session.stop()


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    """An empty folder for tables, gone after the test."""
    folder = tmp_path / "warehouse"
    folder.mkdir()
    return folder
