"""What the caches of the nodes did for a run: the counters of all workers after it, less those before."""

from __future__ import annotations

import logging

from pyspark.sql import SparkSession

from lakehouse.cache import CACHE_DIRECTORY_PROPERTY, NodeStatistics, cache_statistics
from lakehouse.errors import LakehouseError
from lakehouse.tables import SPARK_ERRORS

__all__ = ["CacheUse"]

_log = logging.getLogger(__name__)


class CacheUse:
    """Made before the work; other runs on the same nodes at the same time are counted in.

    On a cluster, short tasks must read the counters, so it is done only where the session names the cache
    (``spark.lakehouse.cache.dir``).
    """

    def __init__(self, spark: SparkSession) -> None:
        self._spark = spark
        self._before = self._reading()

    def so_far(self) -> NodeStatistics | None:
        """Return what the caches did since; None if nothing, or nobody knows."""
        after = self._reading()
        since = after - self._before
        if min(since.as_dict().values()) < 0:
            since = after  # the cache's folder was deleted meanwhile, and its counters began at 0 again
        return since if any(since.as_dict().values()) else None

    def _reading(self) -> NodeStatistics:
        try:
            return cache_statistics(self._spark) if self._is_worth_asking() else NodeStatistics()
        except (LakehouseError, OSError, *SPARK_ERRORS) as error:
            # The tables are what the run is for: it must not fail for want of a statistic.
            _log.warning("The statistics of the nodes' caches can't be read: %s", error)
            return NodeStatistics()

    def _is_worth_asking(self) -> bool:
        is_local = (self._spark.conf.get("spark.master", None) or "").startswith("local")
        return is_local or self._spark.conf.get(CACHE_DIRECTORY_PROPERTY, None) is not None
