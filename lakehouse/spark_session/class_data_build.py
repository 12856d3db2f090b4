"""The program that builds the archive of class data: ``python -m lakehouse.spark_session.class_data_build``.

It starts a session at low priority, does the kinds of work that pipelines do, has the JVM write the archive at its
end, and publishes it only after another JVM has started on it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from lakehouse.settings import Settings, SparkSettings
from lakehouse.spark_session.class_data import WITHOUT_DELTA, Ready
from lakehouse.spark_session.class_data_exercise import exercise
from lakehouse.spark_session.delta_jars import default_jars_folder
from lakehouse.spark_session.factory import SparkSessionFactory
from lakehouse.spark_session.given_options import DEFAULT_JAVA_OPTIONS
from lakehouse.spark_session.jvm_launch import JvmLaunch
from lakehouse.spark_session.spark_home import spark_home

__all__ = ["build", "main"]

_LOWEST_PRIORITY = 19
_WRITING_SECONDS = 300
_TRIAL_SECONDS = 120


def main(arguments: list[str]) -> int:
    """Build the archive unless it is there, and return the exit code.

    ``arguments`` may have the folder of Delta's jars, and then ``--without-delta``.
    """
    os.nice(_LOWEST_PRIORITY)
    folder = Path(arguments[0]) if arguments else default_jars_folder()
    build(jars_folder=folder, has_delta=WITHOUT_DELTA not in arguments)
    return 0


def build(*, jars_folder: Path, has_delta: bool = True) -> None:
    """Build the archive for the jars in that folder, or for sessions without them; a failure is recorded.

    Nothing is done where it is there or in work.
    """
    settings = Settings(spark=SparkSettings(delta=has_delta))
    launch = SparkSessionFactory(settings, jars_folder=jars_folder).launch()
    with launch.class_data.building() as unfinished:
        if unfinished is None:
            return
        try:
            _write(unfinished, jars_folder, has_delta=has_delta)
            _try(unfinished, launch)
            launch.class_data.publish(unfinished)
        except Exception as error:
            launch.class_data.give_up(next(iter(str(error).splitlines()), repr(error)))
            raise


def _write(archive: Path, jars_folder: Path, *, has_delta: bool) -> None:
    """Let a JVM do pipelines' work, and write the classes that it loaded when it ends."""
    conf = {"spark.driver.extraJavaOptions": f"-XX:ArchiveClassesAtExit={archive}"}
    spark_settings = SparkSettings(master="local[2]", compiler="quick", conf=conf, delta=has_delta)
    settings = Settings(spark=spark_settings)
    spark = SparkSessionFactory(settings, jars_folder=jars_folder).create("lakehouse class data")
    jvm: subprocess.Popen[bytes] = spark.sparkContext._gateway.proc  # type: ignore[union-attr]
    with tempfile.TemporaryDirectory() as folder:
        exercise(spark, Path(folder), has_delta=has_delta)
        spark.stop()
    assert jvm.stdin is not None  # noqa: S101 - pyspark's JVM lives until its input ends
    jvm.stdin.close()
    jvm.wait(_WRITING_SECONDS)


def _try(archive: Path, launch: JvmLaunch) -> None:
    """Start a JVM that must map the archive, and checks its sums. Raises CalledProcessError when it can't."""
    ready = Ready(path=archive, size_bytes=archive.stat().st_size)
    options = launch.options(ready)
    options[DEFAULT_JAVA_OPTIONS] += " -Xshare:on -XX:+VerifySharedSpaces"
    conf = [part for key, value in options.items() for part in ("--conf", f"{key}={value}")]
    subprocess.run(  # noqa: S603 - Spark's own launcher
        [str(spark_home() / "bin" / "spark-submit"), *conf, "--version"],
        check=True,
        capture_output=True,
        timeout=_TRIAL_SECONDS,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
