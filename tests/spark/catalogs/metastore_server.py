"""A Hive metastore of the test's own: the server that Spark's jars hold, over a Derby database in its memory."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyspark

__all__ = ["running_metastore"]

_SITE = """\
<configuration>
  <property><name>javax.jdo.option.ConnectionURL</name><value>jdbc:derby:memory:metastore;create=true</value></property>
  <property><name>javax.jdo.option.ConnectionDriverName</name><value>org.apache.derby.iapi.jdbc.AutoloadedDriver</value></property>
  <property><name>datanucleus.schema.autoCreateAll</name><value>true</value></property>
  <property><name>hive.async.log.enabled</name><value>false</value></property>
  <property><name>hive.metastore.schema.verification</name><value>false</value></property>
  <property><name>hive.metastore.warehouse.dir</name><value>{folder}/warehouse</value></property>
</configuration>
"""
_STARTS_WITHIN_SECONDS = 300


@contextmanager
def running_metastore(folder: Path, *, java: str) -> Iterator[str]:
    """Start a metastore, and give its address; it ends with the block."""
    (folder / "hive-site.xml").write_text(_SITE.format(folder=folder))
    jars = Path(pyspark.__file__).parent / "jars"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        java,
        "-XX:TieredStopAtLevel=1",
        f"-Dderby.stream.error.file={folder}/derby.log",
        "-cp",
        f"{folder}{os.pathsep}{jars}/*",
        "org.apache.hadoop.hive.metastore.HiveMetaStore",
        "-p",
        str(port),
    ]
    log = (folder / "metastore.log").open("w")
    process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=subprocess.STDOUT)
    try:
        _wait_for(process, port, folder / "metastore.log")
        yield f"thrift://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()
        log.close()


def _wait_for(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + _STARTS_WITHIN_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            raise AssertionError(f"the metastore ended: {log.read_text()[-2000:]}")
        with socket.socket() as there:
            there.settimeout(1)
            if there.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.5)
    raise AssertionError(f"the metastore does not listen: {log.read_text()[-2000:]}")
