"""An HTTP proxy between a client and a storage server, which spoils the exchanges that a test chooses."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from enum import Enum
from types import TracebackType
from typing import BinaryIO


class Fault(Enum):
    """What happens to one exchange."""

    NONE = "nothing"
    BUSY = "503 SlowDown, and the server never hears of it"
    CONFLICT = "409 ConditionalRequestConflict, and the server never hears of it"
    DENIED = "403 AccessDenied, and the server never hears of it"
    ECHO = "400, with all that was sent repeated in the answer"
    RESET_BEFORE = "the connection is reset before the server hears of it"
    RESET_AFTER = "the server does it, and the connection is reset instead of an answer"
    HALF = "the server does it, and half of its answer arrives"
    STALL = "the server does it, and its answer comes too late"
    LATE = "the client gives up, and then the server does it"
    REQUEST_TWICE = "the server gets it twice, and its second answer arrives"
    ANSWER_TWICE = "the answer arrives twice"


STALL_SECONDS = 0.8
"""Longer than the clients of the tests wait."""

Choose = Callable[[str, str], Fault]
"""Says by method and path what is to happen."""


class FaultProxy:
    """Listens on a free port until it is closed; each connection is one exchange."""

    def __init__(self, server_port: int, choose: Choose) -> None:
        self._server_port = server_port
        self._choose = choose
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self._exchanges: list[threading.Thread] = []
        self._accepting = threading.Thread(target=self._accept)

    def __enter__(self) -> FaultProxy:
        self._accepting.start()
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._accepting.join()
        self._listener.close()
        for exchange in self._exchanges:
            exchange.join()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._exchanges = [exchange for exchange in self._exchanges if exchange.is_alive()]
            exchange = threading.Thread(target=self._serve, args=(client,))
            self._exchanges.append(exchange)
            exchange.start()

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            # The client goes away when it gives up, which is as it should be.
            request = _read_request(client)
            if request:
                method, path, _ = request.split(b" ", 2)
                self._spoil(client, request, self._choose(method.decode(), path.decode()))

    def _spoil(self, client: socket.socket, request: bytes, fault: Fault) -> None:
        if fault is Fault.BUSY:
            client.sendall(_answer("503 Slow Down", "SlowDown"))
        elif fault is Fault.CONFLICT:
            client.sendall(_answer("409 Conflict", "ConditionalRequestConflict"))
        elif fault is Fault.DENIED:
            client.sendall(_answer("403 Forbidden", "AccessDenied"))
        elif fault is Fault.ECHO:
            client.sendall(_answer("400 Bad Request", "Echo", request.decode(errors="replace")))
        elif fault is Fault.RESET_BEFORE:
            _reset(client)
        else:
            self._pass_on(client, request, fault)

    def _pass_on(self, client: socket.socket, request: bytes, fault: Fault) -> None:
        if fault is Fault.LATE:
            time.sleep(STALL_SECONDS)
        answer = self._ask(request)
        if fault is Fault.REQUEST_TWICE:
            answer = self._ask(request)
        if fault is Fault.STALL:
            time.sleep(STALL_SECONDS)
        if fault is Fault.RESET_AFTER:
            _reset(client)
        elif fault is Fault.HALF:
            client.sendall(answer[: len(answer) // 2])
        else:
            client.sendall(answer * 2 if fault is Fault.ANSWER_TWICE else answer)

    def _ask(self, request: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", self._server_port), timeout=30) as server:
            server.sendall(request)
            return b"".join(iter(lambda: server.recv(65536), b""))


def _read_request(client: socket.socket) -> bytes:
    """Read one request; the server is to close the connection after it, so that its answer has an end."""
    with client.makefile("rb") as file:
        lines = list(_head_lines(file))
        if not lines:
            return b""
        fields = {name.lower(): value for name, _, value in (line.partition(b":") for line in lines[1:])}
        body = file.read(int(fields.get(b"content-length", b"0")))
    kept = [line for line in lines if not line.lower().startswith(b"connection:")]
    return b"\r\n".join([*kept, b"Connection: close", b"", b""]) + body


def _head_lines(file: BinaryIO) -> Iterator[bytes]:
    while line := file.readline().rstrip(b"\r\n"):
        yield line


def _answer(status: str, code: str, message: str = "from the proxy") -> bytes:
    body = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>".encode()
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return head.encode() + body


def _reset(client: socket.socket) -> None:
    """Close so that the other side sees a reset, and no orderly end."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
