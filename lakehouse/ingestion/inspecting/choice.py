"""Who looks: the one place that says how much the driver reads itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pyspark.sql import SparkSession

from lakehouse.ingestion.file_reading import reading_cost
from lakehouse.ingestion.formats import FileFormat, Inspection
from lakehouse.ingestion.inspecting.in_tasks import TaskInspector
from lakehouse.ingestion.inspecting.interface import Inspector
from lakehouse.ingestion.inspecting.on_driver import DriverInspector
from lakehouse.ingestion.landed_files import LandedFile
from lakehouse.ingestion.landing_zone import LandingZone

__all__ = ["ChoosingInspector"]

_LITTLE_BYTES = 1 << 20
_LITTLE_BYTES_HERE = 32 << 20
"""Where tasks would run on the driver's machine, and read what the driver reads."""


class ChoosingInspector(Inspector):
    """Looks itself where that is quicker than a job of Spark, and leaves all else to Spark's tasks.

    So what the driver reads has a bound, however much has landed. A format that is not inspected in tasks is
    always read by the driver.
    """

    def __init__(
        self, zone: LandingZone, file_format: FileFormat, *, session: Callable[[], SparkSession]
    ) -> None:
        """``session`` is asked only when tasks are needed."""
        self._zone = zone
        self._format = file_format
        self._session = session

    def inspect(self, files: Sequence[LandedFile]) -> Sequence[Inspection | None]:
        driver = DriverInspector(self._zone, self._format)
        if not self._format.inspected_in_tasks or self._is_little(files, _LITTLE_BYTES):
            return driver.inspect(files)
        spark = self._session()
        if _runs_here(spark) and self._is_little(files, _LITTLE_BYTES_HERE):
            return driver.inspect(files)
        return TaskInspector(spark, self._format, otherwise=driver).inspect(files)

    def _is_little(self, files: Sequence[LandedFile], most_bytes: int) -> bool:
        each = self._zone.most_bytes_on_driver
        costs = (reading_cost(file.path, file.size_bytes) for file in files)
        return sum(costs) <= most_bytes and all(file.size_bytes <= each for file in files)


def _runs_here(spark: SparkSession) -> bool:
    master = spark.conf.get("spark.master", None) or ""
    return master == "local" or master.startswith("local[")
