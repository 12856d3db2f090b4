"""A real HTTP server that gives lists in pages, and fails as it is told to: the oracle of what was asked and given."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

Record = dict[str, Any]


@dataclass(frozen=True)
class Fault:
    """What happens to one request instead of its answer."""

    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b'{"error": "not now"}'
    reset: bool = False
    half: bool = False
    """Half of the right body, then the end."""
    delay: float = 0.0


class ApiServer:
    """Gives ``lists`` below ``/page``, ``/offset``, ``/cursor``, ``/link``, ``/next`` and ``/whole``."""

    def __init__(self, lists: dict[str, Sequence[Record]] | None = None, *, size: int = 10) -> None:
        self.lists: dict[str, Sequence[Record]] = lists or {}
        self.size = size
        self.latency = 0.0
        self.token: str | None = None
        """What requests must carry, when it is set."""
        self.place = ""
        """Where a client finds it."""
        self.raw: dict[str, tuple[dict[str, str], bytes]] = {}
        """Answers by path, with headers, that are no lists."""
        self.faults: dict[str, list[Fault]] = defaultdict(list)
        """By the request's path and query: what happens to the first requests for it."""
        self.always: dict[str, Fault] = {}
        self.asked: list[str] = []
        """Path and query of each request, in order."""
        self.asked_at: list[float] = []
        self.headers: list[dict[str, str]] = []
        self.given: Counter[str] = Counter()
        """Of each path and query, how often the whole right answer was sent."""
        self.before_answer: Callable[[str], None] = lambda _target: None
        self.open_sockets = 0
        self._lock = threading.Lock()
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                with api._lock:
                    api.open_sockets += 1

            def finish(self) -> None:
                with api._lock:
                    api.open_sockets -= 1
                super().finish()

            def do_GET(self) -> None:
                with api._lock:
                    api.asked.append(self.path)
                    api.asked_at.append(time.monotonic())
                    api.headers.append({name.lower(): value for name, value in self.headers.items()})
                    fault = api.faults[self.path].pop(0) if api.faults.get(self.path) else None
                    fault = fault or api.always.get(self.path)
                try:
                    api.before_answer(self.path)
                    time.sleep(api.latency + (fault.delay if fault else 0))
                    self._answer(fault)
                except OSError:
                    self.close_connection = True

            def _answer(self, fault: Fault | None) -> None:
                if fault is not None and fault.reset:
                    linger = struct.pack("ii", 1, 0)  # closing sends RST
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                    self.connection.shutdown(socket.SHUT_RD)
                    self.connection.close()
                    self.close_connection = True
                    return
                if fault is not None and fault.status is not None:
                    self._send(fault.status, fault.headers, fault.body)
                    return
                status, headers, body = api._right_answer(self.path, self.headers.get("Authorization"))
                if fault is not None and fault.half:
                    self.send_response(status)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body[: len(body) // 2])
                    self.close_connection = True
                    return
                self._send(status, headers, body)
                if status == 200:
                    with api._lock:
                        api.given[self.path] += 1

            def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 256

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    @contextmanager
    def running(self) -> Iterator[ApiServer]:
        thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()

    def _right_answer(self, target: str, authorization: str | None) -> tuple[int, dict[str, str], bytes]:
        if self.token is not None and authorization != f"Bearer {self.token}":
            return 401, {}, b'{"error": "who are you?"}'
        parts = urlsplit(target)
        if parts.path in self.raw:
            headers, body = self.raw[parts.path]
            return 200, headers, body
        _, style, name = (*parts.path.split("/", 2), "", "")[:3]
        query = dict(parse_qsl(parts.query))
        if name not in self.lists:
            return 404, {}, b'{"error": "there is no such list"}'
        records = self.lists[name]
        if "since" in query:
            records = [record for record in records if str(record["updated_at"]) >= query["since"]]
        if "after" in query:
            records = [record for record in records if str(record["updated_at"]) > query["after"]]
        return self._page(style, f"/{style}/{name}", query, records)

    def _page(
        self, style: str, path: str, query: dict[str, str], records: Sequence[Record]
    ) -> tuple[int, dict[str, str], bytes]:
        bounds = "".join(f"&{name}={query[name]}" for name in ("since", "after") if name in query)
        if style == "page":
            number = int(query.get("page", "1"))
            return 200, {}, _json(records[(number - 1) * self.size : number * self.size])
        if style == "offset":
            begin, limit = int(query["offset"]), int(query["limit"])
            some = records[begin : begin + limit]
            return 200, {}, _json({"total": len(records), "items": some})
        if style == "cursor":
            begin = int(query.get("cursor", "c0")[1:])
            end = begin + self.size
            following = f"c{end}" if end < len(records) else None
            return 200, {}, _json({"data": {"items": records[begin:end]}, "meta": {"next": following}})
        if style in ("link", "next"):
            begin = int(query.get("from", "0"))
            end = begin + self.size
            more = f"{path}?from={end}{bounds}" if end < len(records) else None
            if style == "next":
                return 200, {}, _json({"results": records[begin:end], "next": more})
            headers = {"Link": f'<{path}>; rel="first", <{more}>; rel="next"'} if more else {}
            return 200, headers, _json(records[begin:end])
        return 200, {}, _json(list(records))


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()
