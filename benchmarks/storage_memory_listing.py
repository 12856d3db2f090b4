"""The claim: listing 1,000,000 keys of memory storage takes at most 200 MB.

    python benchmarks/storage_memory_listing.py [--keys 1000000]

The peak of the process beside what it has with the keys in the storage: for the listing alone, and for the listing of a
landing zone.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Callable

from lakehouse.ingestion import StoredLandingZone
from lakehouse.storage import MemoryStorageService

ASKED_MB = 200


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--keys", type=int, default=1_000_000)
    keys = parser.parse_args().keys
    store = MemoryStorageService()
    for number in range(keys):
        store.write(f"in/day={number % 365:03}/part-{number:010}.csv", b"")
    zone = StoredLandingZone(store, "in/*/*.csv")
    before = _peak_mb()
    print(f"{keys:,} keys: {before:.0f} MB with the storage itself")
    ways: dict[str, Callable[[], int]] = {
        "list()": lambda: sum(1 for _ in store.list()),
        "a landing zone's listing": lambda: sum(len(listing) for listing in zone.listed()),
    }
    for way, count in ways.items():
        started = time.perf_counter()
        assert count() == keys
        print(
            f"{way:26} {time.perf_counter() - started:5.1f} s, {_peak_mb() - before:5.0f} MB more at the peak"
        )
    return 0 if _peak_mb() - before <= ASKED_MB else 1


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    sys.exit(main())
