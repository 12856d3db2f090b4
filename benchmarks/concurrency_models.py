"""Work that waits and work that computes, by each of the three models: which one fits which, in one table.

Waiting: pages of an API with 100 ms of latency. Computing: CSV files of sales that Python parses to the letter.
Each cell is the time against one by one, which is 1.0; more is faster.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
from ingestion_rest import api_of, serve

from lakehouse.ingestion import CsvFormat, ParallelDataProcessor, Processed, chains_of, fetch

PAGES = int(os.environ.get("PAGES", "128"))
FILES = int(os.environ.get("FILES", "16"))
LINES = 150_000
COLUMNS = ("InvoiceNo", "Description", "Quantity")


_client = httpx.Client()


def page(url: str) -> int:
    """Wait for a page."""
    return _client.get(url).status_code


def parsed(path: str) -> int:
    """Parse a file, as the inspection of a landing zone does."""
    with open(path, "rb") as stream:
        CsvFormat(columns=COLUMNS, delimiter=",").inspect(stream, name=path)
    return 1


async def _by_coroutines(work: Callable[[str], int], items: list[str]) -> None:
    async def one(item: str) -> int:
        return work(item)

    await asyncio.gather(*(one(item) for item in items))


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def by_processes(work: Callable[[str], int], items: list[str], processes: int) -> None:
    outcomes = list(ParallelDataProcessor(work, processes=processes).imap_unordered(items))
    assert all(isinstance(each, Processed) for each in outcomes), outcomes[:1]


def main() -> int:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    server = context.Process(target=serve, args=(theirs,), daemon=True)
    server.start()
    port = ours.recv()
    urls = [f"http://127.0.0.1:{port}/{PAGES}/0.1?page={number}" for number in range(1, PAGES + 1)]
    api = api_of(port, PAGES, latency=0.1, concurrency=32)
    cores = len(os.sched_getaffinity(0))
    with (
        tempfile.TemporaryDirectory() as folder,
        ThreadPoolExecutor(32) as many,
        ThreadPoolExecutor(cores) as few,
    ):
        files = [str(Path(folder) / f"{number}.csv") for number in range(FILES)]
        for file in files:
            lines = [f'{n},"a ""large"" mug, red",{n % 9}' for n in range(LINES)]
            Path(file).write_text("\n".join([",".join(COLUMNS), *lines]) + "\n")
        table = {
            "waiting": [
                seconds(lambda: [page(url) for url in urls]),
                seconds(lambda: list(many.map(page, urls))),
                seconds(lambda: list(fetch(api, chains_of(api, since=None, tasks=1)))),
                seconds(lambda: by_processes(page, urls, cores)),
            ],
            "computing": [
                seconds(lambda: [parsed(file) for file in files]),
                seconds(lambda: list(few.map(parsed, files))),
                seconds(lambda: asyncio.run(_by_coroutines(parsed, files))),
                seconds(lambda: by_processes(parsed, files, cores)),
            ],
        }
    server.kill()
    print(f"{'':10} one by one  threads  coroutines  processes ({cores})")
    for name, (one, threads, coroutines, processes) in table.items():
        figures = f"{one / threads:7.1f}  {one / coroutines:10.1f}  {one / processes:9.1f}"
        print(f"{name:10} {1:10.1f}  {figures}   ({one:.1f} s)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
