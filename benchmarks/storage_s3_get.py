"""Claim: a small get from S3 through the service takes at most 1.2 x obstore itself, on the same moto server.

Run: python benchmarks/storage_s3_get.py
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

from obstore.store import S3Store

from lakehouse.storage import S3StorageService

sys.path.append(str(Path(__file__).parents[1] / "tests" / "conformance" / "storage"))
import storage_servers

GETS, ROUNDS = 100, 20


def timed(get: Callable[[], bytes]) -> float:
    before = time.perf_counter()
    for _ in range(GETS):
        assert len(get()) == 800
    return (time.perf_counter() - before) / GETS * 1000


def main() -> None:
    os.environ.update(storage_servers.S3_ENVIRONMENT)
    with storage_servers.moto() as server:
        service = S3StorageService(storage_servers.PLACE, endpoint=server.endpoint)
        obstore = S3Store(
            storage_servers.PLACE, endpoint=server.endpoint, client_options={"allow_http": True}
        )
        service.write("log/key", b"x" * 800)
        gets = {
            "obstore": lambda: bytes(obstore.get("log/key").bytes()),
            "service": lambda: service.read("log/key"),
        }
        times: dict[str, list[float]] = {name: [] for name in gets}
        for round_number in range(ROUNDS):
            for name in sorted(gets, reverse=bool(round_number % 2)):
                times[name].append(timed(gets[name]))
    ratio = statistics.median(
        ours / theirs for ours, theirs in zip(times["service"], times["obstore"], strict=True)
    )
    print(f"{'':10}{'ms a get, median':>18}")
    for name, of in times.items():
        print(f"{name:10}{statistics.median(of):18.3f}")
    print(f"ratio, median of {ROUNDS} rounds: {ratio:.2f} (asked: at most 1.2)")


if __name__ == "__main__":
    main()
