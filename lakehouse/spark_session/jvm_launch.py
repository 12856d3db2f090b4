"""How a JVM is started: which class path, which archive of class data, which compiler. Decides; starts nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lakehouse.settings import SparkSettings
from lakehouse.spark_session.class_data import (
    ClassData,
    ClassDataArchive,
    ClassDataIdentity,
    ClassDataState,
    NoClassData,
)
from lakehouse.spark_session.given_options import CLASS_PATH, DEFAULT_JAVA_OPTIONS, GivenOptions

__all__ = ["SMALL_WORK_BYTES", "JvmLaunch", "class_data_for", "takes_quick_compiler"]

SMALL_WORK_BYTES = 64 * 2**20
"""Work that reads more than this runs long enough to pay for the second compiler."""

_QUICK_COMPILER = "-XX:TieredStopAtLevel=1"
"""Machine code at the first compiler's level: it costs a fifth of the second one's, and runs half as fast."""
_QUICK_COLLECTOR = ("-XX:+UseSerialGC", "-XX:MetaspaceSize=256m")
"""Garbage that is collected at once, when there is no room left: small work ends before the other ways pay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JvmLaunch:
    """One start, decided."""

    jars: tuple[Path, ...]
    """Delta's; empty when the settings name jars of their own."""
    given: GivenOptions
    class_data: ClassData
    java_options: Sequence[str]
    """Our own, such as the log's."""
    ships_jars: bool
    """Whether executors in other processes need the jars too."""
    is_quick: bool
    """Whether the work is too small to pay for good machine code."""

    def options(self, state: ClassDataState) -> dict[str, str]:
        """Return Spark's options for a start with class data in that state."""
        java = [*self.java_options, *self._compiler(), *self._collector(), *state.java_options]
        if self.given.default_java_options:
            java.append(self.given.default_java_options)
        return {DEFAULT_JAVA_OPTIONS: " ".join(java)} | self._class_path()

    def _compiler(self) -> tuple[str, ...]:
        return (_QUICK_COMPILER,) if self.is_quick and not self.given.decide_compiler else ()

    def _collector(self) -> tuple[str, ...]:
        return _QUICK_COLLECTOR if self.is_quick and not self.given.decide_collector else ()

    def _class_path(self) -> dict[str, str]:
        """Return where Delta's jars go: an archive holds only classes of the class path that the JVM starts with."""
        if not self.jars:
            return {}
        carried = {"spark.jars": ",".join(map(str, self.jars))}
        if self.given.has_class_path:
            return carried
        return {CLASS_PATH: ":".join(map(str, self.jars))} | (carried if self.ships_jars else {})


def takes_quick_compiler(spark: SparkSettings, *, expected_bytes: int | None) -> bool:
    """Say whether the first compiler is enough; ``expected_bytes`` is the most that is read, None if unknown."""
    if spark.compiler == "auto":
        return expected_bytes is not None and expected_bytes <= SMALL_WORK_BYTES
    return spark.compiler == "quick"


def class_data_for(
    spark: SparkSettings, given: GivenOptions, *, identity: ClassDataIdentity, jars_folder: Path
) -> ClassData:
    """Return the archive for a start with these settings; its absence has a reason."""
    if not spark.class_data:
        return NoClassData(reason="off in the settings")
    if given.decide_class_data:
        return NoClassData(reason="the JVM's options that you give decide about class data")
    if given.has_class_path or spark.names_jars:
        return NoClassData(reason="jars or a class path that you give are in no archive")
    if spark.delta and not identity.jars:
        return NoClassData(reason="Delta's jars come first")
    try:
        key = identity.key()
    except OSError as error:
        return NoClassData(reason=f"{error.filename} can't be read: {error.strerror}")
    folder = jars_folder.parent / "class-data"
    return ClassDataArchive(folder=folder, key=key, jars_folder=jars_folder, has_delta=spark.delta)
