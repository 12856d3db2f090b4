"""Makes Spark sessions with Delta in them: local, on a cluster, or of a Connect server."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from delta import configure_spark_with_delta_pip
from py4j.protocol import Py4JJavaError
from pyspark import SparkContext
from pyspark.errors import PySparkRuntimeError
from pyspark.logger import PySparkLogger
from pyspark.sql import SparkSession

from lakehouse.errors import ConfigurationError
from lakehouse.settings import Settings, SparkSettings
from lakehouse.spark_session.class_data import ClassDataIdentity
from lakehouse.spark_session.delta_jars import DeltaJars, default_jars_folder
from lakehouse.spark_session.given_options import DEFAULT_JAVA_OPTIONS, GivenOptions
from lakehouse.spark_session.java import find_java
from lakehouse.spark_session.jvm_launch import JvmLaunch, class_data_for, takes_quick_compiler
from lakehouse.spark_session.local_server import LocalServer, ServerState
from lakehouse.spark_session.spark_home import spark_home
from lakehouse.spark_session.start_noise import without_incubator_line

__all__ = ["DeltaMissingError", "SparkSessionFactory", "delta_packages", "has_jvm"]

_EXTENSIONS = "spark.sql.extensions"
_DELTA_CONF = {
    _EXTENSIONS: "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
}
_SESSION_CONF = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    # With columns passed on as they are (new in Spark 4.2), a Python function that raises over Parquet never ends.
    "spark.sql.execution.arrow.pythonUDF.columnarInput.enabled": "false",
    # Spark's older default, INT96, has no statistics in a file's footer.
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    # What is kept in memory is else cut into as many parts as a shuffle may have, however few its rows are.
    "spark.sql.optimizer.canChangeCachedPlanOutputPartitioning": "true",
    # Counts of rows on the way are lost where a branch that turns out empty is replaced while a query runs.
    "spark.sql.adaptive.optimizer.excludedRules": (
        "org.apache.spark.sql.execution.adaptive.AQEPropagateEmptyRelation"
    ),
}
_CATALOG_TOKEN = "LAKEHOUSE_CATALOG_TOKEN"  # noqa: S105 - the variable's name: settings hold no credentials
_JAVA_OPTIONS = (f"-Dlog4j2.configurationFile={(Path(__file__).parent / 'log4j2.properties').as_uri()}",)


class DeltaMissingError(ConfigurationError):
    """The JVM is already running and was started without Delta, which can't be added later."""

    def __init__(self, *, missing: str) -> None:
        super().__init__(
            f"this Spark session has no Delta: {missing}.",
            fix="start it with 'spark-submit --properties-file conf/spark-defaults.conf', "
            "or stop the session that runs and let SparkSessionFactory start one.",
        )


def has_jvm() -> bool:
    """Say whether this process has its JVM already: spark-submit's, or one that an earlier session started."""
    return "PYSPARK_GATEWAY_PORT" in os.environ or SparkContext._active_spark_context is not None


class SparkSessionFactory:
    """Makes the session of one environment; ``create`` returns the running session when one exists."""

    def __init__(self, settings: Settings | None = None, *, jars_folder: Path | None = None) -> None:
        self._settings = settings or Settings()
        self._jars_folder = jars_folder or default_jars_folder()

    @classmethod
    def local(cls, *, cores: int | None = None, conf: Mapping[str, str] | None = None) -> SparkSessionFactory:
        """Return a factory for Spark in this process; ``cores`` defaults to all of them."""
        return cls(Settings(spark=SparkSettings(master=f"local[{cores or '*'}]", conf=conf or {})))

    @classmethod
    def cluster(cls, master: str, *, conf: Mapping[str, str] | None = None) -> SparkSessionFactory:
        """Return a factory for a driver in this process with executors on the cluster ``master``."""
        return cls(Settings(spark=SparkSettings(master=master, conf=conf or {})))

    @classmethod
    def connect(cls, remote: str, *, conf: Mapping[str, str] | None = None) -> SparkSessionFactory:
        """Return a factory for a client of the Connect server ``sc://host:port``; it needs no Java."""
        return cls(Settings(spark=SparkSettings(remote=remote, conf=conf or {})))

    def create(self, app_name: str, *, expected_bytes: int | None = None) -> SparkSession:
        """Return a session that reads and writes Delta. Raises ``ConfigurationError``.

        ``expected_bytes`` is the most that its work reads, which decides how a JVM that we start compiles.
        """
        _silence_second_copies()
        if self._settings.spark.mode == "connect":
            return _builder(app_name, self.session_options()).remote(self._remote).getOrCreate()
        if has_jvm():
            # The JVM is up (spark-submit's, or ours): what it was not started with can't be added now.
            return self._checked(_builder(app_name, self.session_options()).getOrCreate())
        if self._settings.spark.mode == "local":
            # Else Python functions would run in PATH's first python3, without the packages that are here.
            os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        return self._checked(self._started(app_name, self.launch(expected_bytes=expected_bytes)))

    def launch(self, *, expected_bytes: int | None = None, downloads: bool = True) -> JvmLaunch:
        """Decide how the JVM is started, and start no session. Raises ``ConfigurationError``.

        ``downloads`` says whether Delta's jars are fetched when they are missing.
        """
        jars = self._jars(downloads=downloads)
        spark, home = self._settings.spark, spark_home()
        given = GivenOptions.of(self._given(), spark_home=home)
        identity = ClassDataIdentity(java_home=find_java().home, spark_home=home, jars=jars)
        return JvmLaunch(
            jars=jars,
            given=given,
            class_data=class_data_for(spark, given, identity=identity, jars_folder=self._jars_folder),
            java_options=_JAVA_OPTIONS,
            ships_jars=spark.mode == "cluster",
            is_quick=takes_quick_compiler(spark, expected_bytes=expected_bytes),
        )

    def local_server(self) -> LocalServer:
        """Return the session that goes on between runs, of these settings in this folder; it need not run."""
        return LocalServer(self._settings.spark, folder=self._jars_folder.parent / "sessions")

    def start_local_server(self) -> ServerState:
        """Start that session, or find it running. Raises ``ConfigurationError``."""
        # Its work is a developer's, and small: the quick compiler is ahead for dozens of runs.
        launch = self.launch(expected_bytes=0)
        options = self.launch_options() | launch.options(launch.class_data.state())
        return self.local_server().start(options, spark_home=spark_home(), java_home=find_java().home)

    def _started(self, app_name: str, launch: JvmLaunch) -> SparkSession:
        """Start the JVM, on the archive when it is ready; have one built for the next start when it is absent."""
        os.environ["JAVA_HOME"] = str(find_java().home)
        # Spark's launcher would start a Python to find what is known here.
        os.environ.setdefault("SPARK_HOME", str(spark_home()))
        os.environ.setdefault("SPARK_LAUNCHER_OPTS", launch.given.launcher_options)
        state = launch.class_data.state()
        with without_incubator_line():
            try:
                session = _builder(app_name, self.launch_options() | launch.options(state)).getOrCreate()
            except PySparkRuntimeError as error:
                if error.getCondition() != "JAVA_GATEWAY_EXITED" or not state.java_options:
                    raise
                launch.class_data.give_up("the JVM ended when it started on the archive")
                state = launch.class_data.state()
                session = _builder(app_name, self.launch_options() | launch.options(state)).getOrCreate()
        launch.class_data.prepare_next_start()
        return session

    def session_options(self) -> dict[str, str]:
        """Return the options for a session whose JVM is already running; the settings' own options win."""
        return _SESSION_CONF | self._given()

    def launch_options(self) -> dict[str, str]:
        """Return the options that the JVM is started with, without jars; the settings' own options win."""
        master = self._settings.spark.master
        delta = _DELTA_CONF if self._settings.spark.delta else {}
        options = delta | _SESSION_CONF | _launch_conf(master, self._settings.warehouse)
        if self._settings.spark.mode == "local":
            options |= _small_machine(master)
        given = self._given()
        if _EXTENSIONS in given and _EXTENSIONS in options:
            given[_EXTENSIONS] = f"{options[_EXTENSIONS]},{given[_EXTENSIONS]}"
        return options | given

    def _given(self) -> dict[str, str]:
        return self._catalog_conf() | dict(self._settings.spark.spark_conf)

    def _catalog_conf(self) -> dict[str, str]:
        catalog = self._settings.catalog
        if catalog is None:
            return {}
        token = os.environ.get(_CATALOG_TOKEN) if catalog.kind == "unity" else None
        secret = {f"spark.sql.catalog.{catalog.name}.token": token} if token else {}
        return dict(catalog.spark_conf) | secret

    @property
    def _remote(self) -> str:
        return str(self._settings.spark.remote)

    def _jars(self, *, downloads: bool) -> tuple[Path, ...]:
        """Return Delta's jars; empty when the settings want none or name their own, or when they are missing."""
        if self._settings.spark.names_jars or not self._settings.spark.delta:
            return ()
        jars = DeltaJars(packages=delta_packages(), folder=self._jars_folder)
        return jars.paths() if downloads else jars.cached()

    def _checked(self, spark: SparkSession) -> SparkSession:
        """Return the session. Raises DeltaMissingError where it is to have Delta and does not."""
        return _with_delta(spark) if self._settings.spark.delta else spark


def _builder(app_name: str, options: Mapping[str, str]) -> SparkSession.Builder:
    """Return a new builder: pyspark's ``SparkSession.builder`` keeps options between calls."""
    builder = SparkSession.Builder().appName(app_name)
    for key, value in options.items():
        builder = builder.config(key, value)
    return builder


def _launch_conf(master: str, warehouse: str) -> dict[str, str]:
    return {
        "spark.master": master,
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.warehouse.dir": _spark_warehouse(warehouse),
        "spark.databricks.delta.snapshotPartitions": "2",
        # Else each use of a column in Python asks the JVM ten times, to note its line; errors name steps and lines.
        "spark.python.sql.dataFrameDebugging.enabled": "false",
        DEFAULT_JAVA_OPTIONS: " ".join(_JAVA_OPTIONS),
    }


def delta_packages() -> str:
    """Return the Maven coordinates that delta-spark's own helper asks for, in the installed versions."""
    builder = configure_spark_with_delta_pip(SparkSession.Builder())
    return str(builder._options["spark.jars.packages"])


def _silence_second_copies() -> None:
    """Stop pyspark from also printing each exception that it raises, as a page of JSON."""
    for name in ("DataFrameQueryContextLogger", "SQLQueryContextLogger"):
        PySparkLogger.getLogger(name).setLevel(logging.CRITICAL)


def _small_machine(master: str) -> dict[str, str]:
    """Return defaults with which a session on one machine starts in seconds and leaves memory for others."""
    cores = os.cpu_count() or 1 if "[*" in master else _cores_of(master)
    memory_bytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    memory_gib = max(1, min(4, memory_bytes // 4 // 2**30))
    return {
        "spark.ui.enabled": "false",
        "spark.driver.memory": f"{memory_gib}g",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.sql.shuffle.partitions": str(2 * cores),
    }


def _cores_of(master: str) -> int:
    digits = master.removeprefix("local[").split(",")[0].rstrip("]")
    return int(digits) if digits.isdecimal() else 1


def _spark_warehouse(warehouse: str) -> str:
    """Return where Spark puts tables that only have a name: a folder becomes absolute, a URL stays."""
    return warehouse if "://" in warehouse else str(Path(warehouse).absolute())


def _with_delta(spark: SparkSession) -> SparkSession:
    """Return the session. Raises DeltaMissingError: Spark alone would warn, and fail at the first table."""
    jvm: Any = spark._jvm
    try:
        loader = jvm.java.lang.Thread.currentThread().getContextClassLoader()
        jvm.java.lang.Class.forName(_DELTA_CONF[_EXTENSIONS], False, loader)
    except Py4JJavaError as error:
        raise DeltaMissingError(missing="its jars are not on the class path") from error
    for key, value in _DELTA_CONF.items():
        if value not in (spark.conf.get(key, "") or ""):
            raise DeltaMissingError(missing=f"{key} lacks {value}")
    return spark
