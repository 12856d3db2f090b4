"""Pages of an API fetched at concurrency 32 and one after the other, and the memory of short and long lists.

Asked: 350 pages with 100 ms of latency at least 10 times faster at concurrency 32 than at 1; the peak of a process
that fetches 100,000 small pages no more than 32 MB above that of one that fetches 1,000. The server is another
process, on asyncio, so that its threads cost the client nothing.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import multiprocessing
import os
import resource
import sys
import tempfile
import time
from multiprocessing.connection import Connection
from urllib.parse import parse_qs, urlsplit

from lakehouse.ingestion import Limits, Page, PageNumber, RestApi, chains_of, fetch
from lakehouse.ingestion.rest.keeping import FetchPlan, KeptFetch, fetch_task

PAGES = int(os.environ.get("PAGES", "350"))
LATENCY_SECONDS = 0.1
LONG = int(os.environ.get("LONG", "100000"))
LENGTHS = (1_000, LONG // 10, LONG // 3, LONG)
ALLOWED_MB = 32


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer requests of one connection: ``/PAGES/LATENCY?page=n`` has that many pages of one record."""
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            target = head.split(b" ", 2)[1].decode()
            _, pages, latency = urlsplit(target).path.split("/")
            page = int(parse_qs(urlsplit(target).query)["page"][0])
            if float(latency):
                await asyncio.sleep(float(latency))
            body = json.dumps([{"id": page}] if page <= int(pages) else []).encode()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


def serve(connection: Connection) -> None:
    """Serve until the process is ended; send the port first."""

    async def run() -> None:
        server = await asyncio.start_server(_answer, "127.0.0.1", 0, backlog=256)
        connection.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


def api_of(port: int, pages: int, *, latency: float, concurrency: int) -> RestApi:
    return RestApi(
        url=f"http://127.0.0.1:{port}/{pages}/{latency:g}",
        pagination=PageNumber(),
        limits=Limits(concurrency=concurrency, max_pages=10 * LONG),
    )


def seconds(port: int, concurrency: int) -> float:
    api = api_of(port, PAGES, latency=LATENCY_SECONDS, concurrency=concurrency)
    started = time.perf_counter()
    found = sum(
        isinstance(each, Page) and bool(each.records)
        for each in fetch(api, chains_of(api, since=None, tasks=1))
    )
    assert found == PAGES, found
    return time.perf_counter() - started


def peak_mb(port: int, pages: int, connection: Connection) -> None:
    """Fetch and keep the pages as a task does, and send the process's peak."""
    api = api_of(port, pages, latency=0, concurrency=32)
    with tempfile.TemporaryDirectory() as folder:
        chains = list(chains_of(api, since=None, tasks=1))
        plan = FetchPlan(tasks=1, chains=chains, begun_at=dt.datetime.now(dt.UTC))
        result = fetch_task(api, plan, KeptFetch(folder), 0)
    assert result.records == pages, result
    connection.send(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def main() -> int:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    server = context.Process(target=serve, args=(theirs,), daemon=True)
    server.start()
    port = ours.recv()
    one, many = seconds(port, 1), seconds(port, 32)
    print(f"{PAGES} pages of {LATENCY_SECONDS * 1000:g} ms: {one:.1f} s one by one, {many:.2f} s at 32")
    print(f"  {one / many:.1f} times faster (asked: 10)")
    peaks = []
    for pages in LENGTHS:
        ours, theirs = context.Pipe()
        started = time.perf_counter()
        child = context.Process(target=peak_mb, args=(port, pages, theirs), daemon=True)
        child.start()
        peaks.append(ours.recv())
        child.join()
        print(f"{pages} pages: peak of {peaks[-1]:.0f} MB, {time.perf_counter() - started:.1f} s")
    server.kill()
    return 0 if one / many >= 10 and peaks[-1] - peaks[0] <= ALLOWED_MB else 1


if __name__ == "__main__":
    sys.exit(main())
