"""An HTTP server that gives files and counts who asked for which: the tests' oracle for fetches."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class CountingServer:
    """Serves every path with a body that repeats the path; ``gets`` counts by path."""

    def __init__(self) -> None:
        self.gets: Counter[str] = Counter()
        lock = threading.Lock()
        gets = self.gets

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                with lock:
                    gets[self.path] += 1
                body = body_of(self.path)
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"

    @contextmanager
    def running(self) -> Iterator[CountingServer]:
        thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        thread.start()
        yield self
        self._server.shutdown()
        self._server.server_close()


def body_of(path: str) -> bytes:
    """Return what the server gives for a path."""
    return f"{path} ".encode() * 1000
