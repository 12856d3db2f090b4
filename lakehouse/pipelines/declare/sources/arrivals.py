"""Streaming frames that wake a stream. Their rows say that something came, and nothing of what it is."""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, SparkSession

from lakehouse.tables import literal_path

__all__ = ["Arrivals", "arriving_files", "at_each_trigger"]

_BINARY_FILE = "path string, modificationTime timestamp, length bigint, content binary"
"""The schema of Spark's format; streams do not look for it themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrivals:
    """A streaming frame, and the kind of its offsets: they mean nothing to a frame of another kind."""

    frame: DataFrame
    kind: str = "spark"
    """The name of the folder that its checkpoint has."""


def arriving_files(spark: SparkSession, folder: str, *, names: str = "*", is_deep: bool = False) -> Arrivals:
    """Return a frame with a row for each file that comes to a folder, and none of its content.

    ``names`` is a pattern of Hadoop. Spark looks at a path once: a file that is written over does not come again,
    nor one that is a week older than the newest. While there is no folder the frame wakes at each trigger.
    """
    reader = spark.readStream.format("binaryFile").schema(_BINARY_FILE).option("pathGlobFilter", names)
    try:
        files = reader.option("recursiveFileLookup", str(is_deep).lower()).load(literal_path(folder))
    except AnalysisException:  # nothing has come there yet
        return at_each_trigger(spark)
    return Arrivals(frame=files.select("path"))


def at_each_trigger(spark: SparkSession) -> Arrivals:
    """Return a frame that has rows at each trigger, for what nobody but the source itself can tell."""
    return Arrivals(frame=spark.readStream.format("rate").load().select("value"), kind="clock")
