"""Say what this machine has and what it lacks to run pipelines. Only ``try_spark`` starts a JVM."""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

from pyspark.errors import PySparkException

from lakehouse.errors import ConfigurationError
from lakehouse.optional_imports import is_installed
from lakehouse.settings import Settings
from lakehouse.spark_session.delta_jars import DeltaJars
from lakehouse.spark_session.factory import SparkSessionFactory, delta_packages
from lakehouse.spark_session.java import OLDEST_JAVA, find_java

__all__ = ["HealthCheck", "examine", "try_spark"]

_OLDEST_PYTHON = (3, 11)
_NEEDED_DISK_GIB = 1.0
_EXTRAS = {
    "fast": (("numba", "numpy"), "fast chess and division"),
    "cloud": (("obstore", "boto3"), "S3 and ADLS"),
    "connect": (("grpc", "zstandard"), "Spark Connect"),
    "http": (("httpx", "stamina"), "sources over HTTP"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthCheck:
    """One thing that was checked."""

    name: str
    state: Literal["fine", "missing", "optional"]
    """``missing``: needed, but absent. ``optional``: absent, and only some features need it."""
    found: str
    expected: str
    fix: str = ""


def examine(settings: Settings, *, jars_folder: Path | None = None) -> tuple[HealthCheck, ...]:
    """Check everything that can be checked without starting Spark."""
    findings = [_python(), _package("pyspark"), _package("delta-spark")]
    if settings.spark.mode != "connect":  # a Connect server has its own Java and jars
        jars = [_jars(settings, jars_folder)] if settings.spark.delta else []
        findings += [_java(), *jars, *_class_data(settings, jars_folder)]
    if "://" not in settings.warehouse:
        findings += [_warehouse(Path(settings.warehouse)), _disk(Path(settings.warehouse))]
    return (*findings, *_extras())


def try_spark(settings: Settings, *, jars_folder: Path | None = None) -> HealthCheck:
    """Start a session, write and read a small table; downloads the jars when they are missing and asked for."""
    kind = "delta" if settings.spark.delta else "parquet"
    expected = f"a session that writes and reads a {kind.capitalize()} table"
    started = time.monotonic()
    try:
        spark = SparkSessionFactory(settings, jars_folder=jars_folder).create("lakehouse doctor")
        with tempfile.TemporaryDirectory() as folder:
            spark.range(1).write.format(kind).mode("overwrite").save(f"{folder}/t")
            spark.read.format(kind).load(f"{folder}/t").collect()
    except (ConfigurationError, PySparkException) as error:
        fix = getattr(error, "fix", "") or "see what Spark says."
        return HealthCheck(
            name="session", state="missing", found=_first_line(error), expected=expected, fix=fix
        )
    seconds = time.monotonic() - started
    return HealthCheck(name="session", state="fine", found=f"works, after {seconds:.1f} s", expected=expected)


def _python() -> HealthCheck:
    oldest = ".".join(map(str, _OLDEST_PYTHON))
    return HealthCheck(
        name="Python",
        state="fine" if sys.version_info >= _OLDEST_PYTHON else "missing",
        found=sys.version.split()[0],
        expected=f"{oldest} or later",
        fix=f"make the environment with Python {oldest} or later.",
    )


def _package(name: str) -> HealthCheck:
    """Compare the installed version with the one that lakehouse requires, read from its metadata."""
    pins = [re.fullmatch(rf"{name}==([\w.]+)", line) for line in metadata.requires("lakehouse") or []]
    expected = next((pin.group(1) for pin in pins if pin), "any")
    found = _installed_version(name)
    return HealthCheck(
        name=name,
        state="fine" if expected in ("any", found) else "missing",
        found=found or "not installed",
        expected=expected,
        fix=f"pip install '{name}=={expected}'.",
    )


def _installed_version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _java() -> HealthCheck:
    expected = f"{OLDEST_JAVA} or later"
    try:
        java = find_java()
    except ConfigurationError as error:
        return HealthCheck(
            name="Java", state="missing", found=_first_line(error), expected=expected, fix=error.fix
        )
    return HealthCheck(name="Java", state="fine", found=f"{java.version} at {java.home}", expected=expected)


def _jars(settings: Settings, folder: Path | None) -> HealthCheck:
    own = settings.spark.conf.get("spark.jars") or settings.spark.conf.get("spark.jars.packages")
    if own:
        return HealthCheck(name="Delta jars", state="fine", found=f"the settings' own: {own}", expected="any")
    packages = delta_packages()
    jars = DeltaJars(packages=packages, folder=folder) if folder else DeltaJars(packages=packages)
    cached = jars.cached()
    return HealthCheck(
        name="Delta jars",
        state="fine" if cached else "missing",
        found=f"{len(cached)} in {jars.folder}" if cached else f"no jars in {jars.folder}",
        expected=packages,
        fix="run 'lakehouse doctor --spark', or any pipeline, where a Maven repository can be reached.",
    )


def _class_data(settings: Settings, folder: Path | None) -> Iterator[HealthCheck]:
    """Look at the archive of class data; what it is made for is unknown without Java."""
    try:
        launch = SparkSessionFactory(settings, jars_folder=folder).launch(downloads=False)
    except ConfigurationError:
        return
    state = launch.class_data.state()
    yield HealthCheck(
        name="class data",
        state="fine" if state.java_options else "optional",
        found=str(state),
        expected="an archive, only to start in less time",
        fix=state.fix,
    )


def _warehouse(folder: Path) -> HealthCheck:
    place = _nearest_existing(folder)
    found = _writable(place)
    return HealthCheck(
        name="warehouse",
        state="missing" if found else "fine",
        found=found or f"{folder.absolute()} can be written",
        expected="a folder that can be written",
        fix="give this user the right to write there, or choose another with --warehouse.",
    )


def _writable(place: Path) -> str:
    """Return why the place can't be written; empty when it can. It is tried, because rights say little about root."""
    try:
        with tempfile.TemporaryFile(dir=place):
            return ""
    except OSError as error:
        return f"{place} can't be written: {error.strerror or error}"


def _disk(folder: Path) -> HealthCheck:
    free_gib = shutil.disk_usage(_nearest_existing(folder)).free / 2**30
    return HealthCheck(
        name="disk",
        state="fine" if free_gib >= _NEEDED_DISK_GIB else "missing",
        found=f"{free_gib:.1f} GiB free",
        expected=f"{_NEEDED_DISK_GIB:.0f} GiB or more",
        fix="free some space, or choose a warehouse on another disk with --warehouse.",
    )


def _nearest_existing(folder: Path) -> Path:
    return next(place for place in (folder.absolute(), *folder.absolute().parents) if place.exists())


def _extras(there: Callable[[str], bool] = is_installed) -> Iterator[HealthCheck]:
    for extra, (modules, purpose) in _EXTRAS.items():
        absent = [module for module in modules if not there(module)]
        yield HealthCheck(
            name=f"extra {extra!r}",
            state="optional" if absent else "fine",
            found=f"without {', '.join(absent)}" if absent else "installed",
            expected=f"only for {purpose}",
            fix=f"pip install 'lakehouse[{extra}]'.",
        )


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0].split(" Fix: ")[0]
