"""A Spark Connect server of one's own on loopback, with Delta, gone at the end; and a pipeline run on it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lakehouse.spark_session import DeltaJars, SparkSessionFactory, delta_packages, find_java

_START_SECONDS = 120


@contextmanager
def connect_server(folder: Path) -> Iterator[str]:
    """Give the address of a server that keeps its tables under ``folder``."""
    jars = DeltaJars(packages=delta_packages())
    port = _free_port()
    conf = SparkSessionFactory.local().launch_options() | {
        "spark.jars": ",".join(map(str, jars.paths())),
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.connect.grpc.binding.port": str(port),
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.sql.sources.default": "delta",
    }
    options = [part for key, value in conf.items() for part in ("--conf", f"{key}={value}")]
    server = "org.apache.spark.sql.connect.service.SparkConnectServer"
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [jars.spark_home / "bin" / "spark-submit", *options, "--class", server, "spark-internal"],
            env={
                **os.environ,
                "JAVA_HOME": str(find_java().home),
                "SPARK_HOME": str(jars.spark_home),
                "PYSPARK_PYTHON": sys.executable,  # else PATH's first python3, without the packages that are here
            },
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        _wait_for(port, process)
        yield f"sc://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=30)


def run_declarative_pipeline(remote: str, folder: Path, landing: str) -> float:
    """Run the graph of ``sdp/`` once on the server; return the seconds, its command line's start included."""
    project = folder / "project"
    if not project.exists():
        shutil.copytree(Path(__file__).parent / "sdp", project / "transformations")
        spec = {
            "name": "retail",
            "storage": (folder / "storage").as_uri(),
            "configuration": {"landing": landing},
            "libraries": [{"glob": {"include": "transformations/**"}}],
        }
        (project / "spark-pipeline.yml").write_text(json.dumps(spec))
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "pyspark.pipelines.cli", "run", "--spec", str(project / "spark-pipeline.yml")],
        env={**os.environ, "SPARK_REMOTE": remote},
        check=True,
        capture_output=True,
        text=True,
        timeout=300,
    )
    return time.perf_counter() - started


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the Connect server ended with {process.returncode}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise TimeoutError(f"the Connect server did not listen within {_START_SECONDS} s")
