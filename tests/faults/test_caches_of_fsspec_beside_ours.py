"""Four processes read one file of a slow server a little apart: what fsspec's caches make of it, and ours."""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from slow_server_readers import read_with_fsspec, read_with_ours

pytestmark = pytest.mark.slow

SIZE_BYTES = 8 << 20
PIECES = 16
APART_SECONDS = 0.3
READERS = 4


class SlowServer:
    """Takes some seconds over eight megabytes; counts its GETs."""

    def __init__(self) -> None:
        self.gets = 0
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                self.send_response(200)
                self.send_header("Content-Length", str(SIZE_BYTES))
                self.end_headers()

            def do_GET(self) -> None:
                server.gets += 1
                self.do_HEAD()
                for _ in range(PIECES):
                    self.wfile.write(bytes(SIZE_BYTES // PIECES))
                    time.sleep(0.15)

            def log_message(self, *_: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.uri = f"http://127.0.0.1:{self.http.server_address[1]}/file"


@pytest.fixture
def server() -> Iterator[SlowServer]:
    slow = SlowServer()
    threading.Thread(target=slow.http.serve_forever, daemon=True).start()
    yield slow
    slow.http.shutdown()
    slow.http.server_close()


def sizes_read(read: Callable[..., int], protocol: str, server: SlowServer, folder: Path) -> list[int]:
    with ProcessPoolExecutor(READERS, mp_context=multiprocessing.get_context("spawn")) as pool:
        list(pool.map(time.sleep, [0.5] * READERS))  # all processes have started
        runs = [
            pool.submit(read, protocol, server.uri, str(folder), number * APART_SECONDS)
            for number in range(READERS)
        ]
        return [run.result() for run in runs]


def test_ours_gives_every_reader_the_whole_file_for_one_get(server: SlowServer, tmp_path: Path) -> None:
    assert sizes_read(read_with_ours, "", server, tmp_path) == [SIZE_BYTES] * READERS
    assert server.gets == 1


def test_simplecache_gives_late_readers_a_truncated_file(server: SlowServer, tmp_path: Path) -> None:
    sizes = sizes_read(read_with_fsspec, "simplecache", server, tmp_path)
    assert max(sizes) == SIZE_BYTES
    assert min(sizes) < SIZE_BYTES, "if this fails, fsspec is fixed: say so in the documentation"


def test_filecache_fetches_the_file_for_each_reader_again(server: SlowServer, tmp_path: Path) -> None:
    assert sizes_read(read_with_fsspec, "filecache", server, tmp_path) == [SIZE_BYTES] * READERS
    assert server.gets >= READERS
