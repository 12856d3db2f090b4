"""Claim: 1,000 small gets, 32 in flight, cost at most half the client CPU of s3fs, on the same moto server.

Run: python benchmarks/storage_s3_client_cpu.py
LAKEHOUSE_S3FS_PYTHON names another interpreter to run s3fs in, such as one with a newer s3fs.
The server is the bottleneck of the wall time, so the CPU of the client's process is what differs.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

GETS, WARMING_GETS, IN_FLIGHT, ROUNDS = 1000, 64, 32, 3
ROOT = Path(__file__).parents[1]


def service_gets(endpoint: str, bucket: str, gets: int) -> None:
    from lakehouse.storage import S3StorageService, async_twin

    async def get_all() -> None:
        twin, slots = async_twin(S3StorageService(bucket, endpoint=endpoint)), asyncio.Semaphore(IN_FLIGHT)

        async def get(number: int) -> None:
            async with slots:
                assert len(await twin.read(f"small/{number % 100}")) == 800

        await asyncio.gather(*(get(number) for number in range(gets)))

    asyncio.run(get_all())


def s3fs_gets(endpoint: str, bucket: str, gets: int) -> None:
    import s3fs

    files = s3fs.S3FileSystem(client_kwargs={"endpoint_url": endpoint})
    paths = [f"{bucket}/small/{number % 100}" for number in range(gets)]
    if hasattr(files, "_cat_file"):
        from fsspec.asyn import _run_coros_in_chunks, sync

        async def get_all() -> list[bytes]:
            found = await _run_coros_in_chunks(
                [files._cat_file(path) for path in paths], batch_size=IN_FLIGHT
            )
            return [bytes(body) for body in found]

        bodies = sync(files.loop, get_all)
    else:
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(IN_FLIGHT) as pool:
            bodies = list(pool.map(files.cat, paths))
    assert [len(body) for body in bodies] == [800] * gets


CLIENTS: dict[str, Callable[[str, str, int], None]] = {"service": service_gets, "s3fs": s3fs_gets}


def measure_here(client: str, endpoint: str, bucket: str) -> None:
    """Run one client in this process and print what it used; the first run is to warm up."""
    CLIENTS[client](endpoint, bucket, WARMING_GETS)
    used, started = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    CLIENTS[client](endpoint, bucket, GETS)
    now = resource.getrusage(resource.RUSAGE_SELF)
    cpu = now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime
    print(json.dumps({"cpu": cpu, "wall": time.perf_counter() - started}))


def measure(client: str, endpoint: str, bucket: str) -> dict[str, float]:
    python = os.environ.get("LAKEHOUSE_S3FS_PYTHON", sys.executable) if client == "s3fs" else sys.executable
    command = [python, __file__, client, endpoint, bucket]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    used: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return used


def main() -> None:
    sys.path.append(str(ROOT / "tests" / "conformance" / "storage"))
    import storage_servers

    from lakehouse.storage import S3StorageService

    os.environ.update(storage_servers.S3_ENVIRONMENT)
    used: dict[str, list[dict[str, float]]] = {client: [] for client in CLIENTS}
    with storage_servers.moto() as server:
        store = S3StorageService(storage_servers.PLACE, endpoint=server.endpoint)
        for number in range(100):
            store.write(f"small/{number}", b"x" * 800)
        for _ in range(ROUNDS):
            for client in CLIENTS:
                used[client].append(measure(client, server.endpoint, storage_servers.PLACE))
    print(f"{GETS} gets, {IN_FLIGHT} in flight{'client CPU s':>16}{'wall s':>10}")
    for client, runs in used.items():
        cpu, wall = (statistics.median(run[what] for run in runs) for what in ("cpu", "wall"))
        print(f"{client:24}{cpu:16.3f}{wall:10.2f}")
    pairs = zip(used["service"], used["s3fs"], strict=True)
    ratio = statistics.median(ours["cpu"] / theirs["cpu"] for ours, theirs in pairs)
    print(f"ratio of CPU, median of {ROUNDS} rounds: {ratio:.2f} (asked: at most 0.5)")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        measure_here(*sys.argv[1:])
    else:
        main()
