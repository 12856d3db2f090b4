"""Every engine, for tests of what a table promises."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import pytest

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from lakehouse.tables import IWritableDeltaTable

Engine: TypeAlias = "Callable[..., IWritableDeltaTable]"


@pytest.fixture(autouse=True)
def _interpreted(interpreted: None) -> None:
    """Tables of a few rows each."""


@pytest.fixture(params=["DeltaSparkTable", "NativeTable", pytest.param("ArrowTable", marks=pytest.mark.slow)])
def engine(request: pytest.FixtureRequest) -> Engine:
    from lakehouse import tables

    return getattr(tables, request.param)


@pytest.fixture
def table(spark: SparkSession, warehouse: Path, engine: Engine) -> IWritableDeltaTable:
    return engine(spark, str(warehouse / "a table [1]"))
