"""A broker of the test's own: Kafka in KRaft mode on free ports of this machine, in a process of its own."""

from __future__ import annotations

import base64
import contextlib
import shutil
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lakehouse.spark_session.java import find_java
from tests.kafka_jars import broker_jars

__all__ = ["PASSWORD", "USER", "Broker", "running_broker"]

USER, PASSWORD = "stream_reader", 's3cret"word'
_FLAGS = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx256m")
_TRIES = 1200
_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{open},SASL_PLAINTEXT://127.0.0.1:{closed},CONTROLLER://127.0.0.1:{controller}
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT
controller.listener.names=CONTROLLER
sasl.enabled.mechanisms=PLAIN
listener.name.sasl_plaintext.plain.sasl.jaas.config=\
org.apache.kafka.common.security.plain.PlainLoginModule required user_{user}="{password}";
log.dirs={data}
log.retention.ms=-1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
group.initial.rebalance.delay.ms=0
num.network.threads=2
num.io.threads=2
"""


class Broker:
    """A broker with two listeners: ``servers`` takes everybody, ``closed_servers`` only USER with PASSWORD."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._class_path = ":".join(map(str, broker_jars()))
        ports = _free_ports(3)
        self.servers, self.closed_servers = (f"127.0.0.1:{port}" for port in ports[:2])
        self._open = ports[0]
        escaped = PASSWORD.replace('"', '\\\\"')
        self._settings = folder / "server.properties"
        self._settings.write_text(
            _PROPERTIES.format(
                open=ports[0],
                closed=ports[1],
                controller=ports[2],
                user=USER,
                password=escaped,
                data=folder / "data",
            )
        )
        self._process: subprocess.Popen[bytes] | None = None

    def format(self) -> None:
        """Make the folder of its data, which must be done once; Kafka's own tool takes a JVM for these lines."""
        data = self._folder / "data"
        data.mkdir()
        lines = ["version=1", "node.id=1", f"cluster.id={_new_id()}", f"directory.id={_new_id()}", ""]
        (data / "meta.properties").write_text("\n".join(lines))

    def start(self) -> None:
        """Start it; it goes on with the data that it has."""
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self._java("kafka.Kafka", str(self._settings)), stdout=log, stderr=subprocess.STDOUT
            )

    def wait(self) -> None:
        """Return when it takes connections."""
        assert self._process is not None
        for _ in range(_TRIES):  # not until a time: it may be stopped for a while, as its process is
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._open), 1):
                return
            assert self._process.poll() is None, (self._folder / "log").read_text()[-2000:]
            time.sleep(0.05)
        raise AssertionError((self._folder / "log").read_text()[-2000:])

    def kill(self) -> None:
        """End its process at once, as a power cut does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    @contextmanager
    def killed(self) -> Iterator[None]:
        """End its process for the time of the block, and start it again."""
        self.kill()
        try:
            yield
        finally:
            self.start()
            self.wait()

    def _java(self, program: str, *given: str) -> list[str]:
        return [str(find_java().home / "bin" / "java"), *_FLAGS, "-cp", self._class_path, program, *given]


@contextmanager
def running_broker() -> Iterator[Broker]:
    """Start a broker, and end it with the block. It may need a moment before it answers: ``wait``."""
    folder = Path(tempfile.mkdtemp(prefix="kafka-"))
    broker = Broker(folder)
    try:
        broker.format()
        broker.start()
        yield broker
    finally:
        broker.kill()
        shutil.rmtree(folder, ignore_errors=True)


def _new_id() -> str:
    return base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
