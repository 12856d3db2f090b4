"""Fixtures for the tests of a project: a small session, and its pipelines by name. pytest finds them by itself.

A fixture of the same name in a project's ``conftest.py`` takes the place of one of these.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from lakehouse.pipelines import PipelineDefinition

__all__ = ["load_pipeline", "spark"]


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    """One small Spark session for all tests."""
    factory = _loaded("lakehouse.spark_session").SparkSessionFactory
    session = factory.local(cores=1, conf={"spark.sql.shuffle.partitions": "1"}).create("tests")
    yield session
    session.stop()


@pytest.fixture
def load_pipeline(
    request: pytest.FixtureRequest, spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], PipelineDefinition]:
    """Returns the pipeline of a name, as ``lakehouse run`` finds it from the project's folder."""
    monkeypatch.chdir(request.config.rootpath)

    def load(name: str, *, definition: Path | None = None) -> PipelineDefinition:
        found: PipelineDefinition = _loaded("lakehouse.cli.definitions").load_definition(
            name, file=definition
        )
        return found

    return load


def _loaded(module: str) -> Any:
    # Loaded here, so that tests without Spark don't wait for it.
    return importlib.import_module(module)
