"""Where Spark is, told without importing pyspark."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Mapping
from pathlib import Path

from lakehouse.errors import MissingDependencyError

__all__ = ["installed_spark", "spark_home"]


def spark_home(environment: Mapping[str, str] | None = None) -> Path:
    """Return the Spark that pyspark starts: of $SPARK_HOME, else the one that comes with pyspark."""
    given = (os.environ if environment is None else environment).get("SPARK_HOME")
    return Path(given) if given else installed_spark()


def installed_spark() -> Path:
    """Return where pyspark is installed. Raises MissingDependencyError."""
    spec = importlib.util.find_spec("pyspark")
    if spec is None or not spec.submodule_search_locations:
        raise MissingDependencyError(package="pyspark", purpose="Starting Spark")
    return Path(spec.submodule_search_locations[0])
