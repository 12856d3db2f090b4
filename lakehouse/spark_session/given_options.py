"""What a user tells the JVM in other places than ours; it stays, and where it decides something we don't."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["CLASS_PATH", "DEFAULT_JAVA_OPTIONS", "GivenOptions"]

DEFAULT_JAVA_OPTIONS = "spark.driver.defaultJavaOptions"
"""Spark puts them before ``spark.driver.extraJavaOptions``, so that the user's win (Spark, "Configuration")."""
CLASS_PATH = "spark.driver.extraClassPath"

_JAVA_OPTIONS = (DEFAULT_JAVA_OPTIONS, "spark.driver.extraJavaOptions")
_VARIABLES = ("SPARK_SUBMIT_OPTS", "PYSPARK_SUBMIT_ARGS", "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS")
_CLASS_DATA = re.compile(
    r"SharedArchiveFile|ArchiveClassesAtExit|AutoCreateSharedArchive|-Xshare|AOTCache|AOTMode"
)
_COLLECTOR = re.compile(r"[+-]Use\w*GC\b")
_COMPILER = re.compile(r"TieredStopAtLevel|[+-]TieredCompilation|-Xint|-Xcomp|UseJVMCICompiler")


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenOptions:
    """The options of the settings, of Spark's own defaults file and of variables."""

    default_java_options: str
    """The value that stands in the place that we write to: it goes behind ours."""
    texts: tuple[str, ...]
    """Everything in which an option of the JVM can stand."""
    has_class_path: bool

    @classmethod
    def of(
        cls, conf: Mapping[str, str], *, spark_home: Path, environment: Mapping[str, str] | None = None
    ) -> GivenOptions:
        """Gather what is given; ``conf`` are the settings' own options."""
        variables = os.environ if environment is None else environment
        known = _defaults_file(spark_home, variables) | dict(conf)
        submit = variables.get("PYSPARK_SUBMIT_ARGS", "")
        return cls(
            default_java_options=known.get(DEFAULT_JAVA_OPTIONS, ""),
            texts=(
                *(known.get(name, "") for name in _JAVA_OPTIONS),
                *(variables.get(name, "") for name in _VARIABLES),
            ),
            has_class_path=CLASS_PATH in known or CLASS_PATH in submit or "--driver-class-path" in submit,
        )

    @property
    def decide_class_data(self) -> bool:
        """Whether the user says which archive is used, or that none is."""
        return any(_CLASS_DATA.search(text) for text in self.texts)

    @property
    def decide_collector(self) -> bool:
        """Whether the user says how the JVM collects garbage."""
        return any(_COLLECTOR.search(text) for text in self.texts)

    @property
    def launcher_options(self) -> str:
        """Options for Spark's launcher, a JVM that lives for a moment; no JVM starts with two collectors."""
        quick = "-XX:TieredStopAtLevel=1"
        return quick if self.decide_collector else f"{quick} -XX:+UseSerialGC"

    @property
    def decide_compiler(self) -> bool:
        """Whether the user says how the JVM compiles."""
        return any(_COMPILER.search(text) for text in self.texts)


def _defaults_file(spark_home: Path, variables: Mapping[str, str]) -> dict[str, str]:
    """Return the options that Spark reads by itself; empty when there is no such file."""
    folder = Path(variables.get("SPARK_CONF_DIR") or spark_home / "conf")
    try:
        lines = (folder / "spark-defaults.conf").read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    entries = (re.split(r"\s*[=:\s]\s*", line.strip(), maxsplit=1) for line in lines)
    return {entry[0]: entry[1] for entry in entries if len(entry) == 2 and not entry[0].startswith("#")}
