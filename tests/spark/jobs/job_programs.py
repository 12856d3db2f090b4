"""Programs that the tests of jobs start: Spark's launcher, a cluster on loopback; all gone at the end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pyspark

from lakehouse.spark_session import find_java

ROOT = Path(__file__).parents[3]
SPARK_HOME = Path(pyspark.__file__).parent
_LAUNCH_SECONDS = 60


def environment(**more: str) -> dict[str, str]:
    """This process's environment, sure of the right Python, Java and Spark."""
    return {
        **os.environ,
        "JAVA_HOME": str(find_java().home),
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_HOME": str(SPARK_HOME),
        "SPARK_LOCAL_IP": "127.0.0.1",
        **more,
    }


def ran(
    command: Sequence[str | Path], *, cwd: Path, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run to the end and return how it went."""
    return subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env=dict(env or environment()),
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )


@contextmanager
def standalone_cluster(folder: Path, *, workers: int) -> Iterator[str]:
    """Start a master and workers of one core each on loopback; give the master's address."""
    port = _free_port()
    address = f"spark://127.0.0.1:{port}"
    with ExitStack() as running:
        master = ["org.apache.spark.deploy.master.Master", "--host", "127.0.0.1", "--port", str(port)]
        log = running.enter_context(_service([*master, "--webui-port", "0"], folder / "master.log"))
        _wait_until_says(log, "New state: ALIVE", times=1)
        for number in range(workers):
            worker = ["org.apache.spark.deploy.worker.Worker", address, "--host", "127.0.0.1"]
            limits = ["--cores", "1", "--memory", "1g", "--webui-port", "0"]
            place = ["--work-dir", str(folder / f"worker{number}")]
            running.enter_context(_service([*worker, *limits, *place], folder / f"worker{number}.log"))
        _wait_until_says(log, "Registering worker", times=workers)
        yield address


@contextmanager
def _service(arguments: Sequence[str], log: Path) -> Iterator[Path]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            [SPARK_HOME / "bin" / "spark-class", *arguments],
            env=environment(),
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield log
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=30)


def _wait_until_says(log: Path, words: str, *, times: int) -> None:
    deadline = time.monotonic() + _LAUNCH_SECONDS
    while log.read_text().count(words) < times:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{log} does not say {words!r} {times} times:\n{log.read_text()[-2000:]}")
        time.sleep(0.2)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
