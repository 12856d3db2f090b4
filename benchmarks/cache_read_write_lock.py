"""Where the read-write lock costs and where it helps: short sections beside a plain lock, and long ones.

A short section is one dict look-up; a long one waits for the disk or network, here one millisecond of sleep.
Short ones by the CPU time of the process, long ones by the clock.
"""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

from lakehouse.cache import ReadWriteLock

ROUNDS = 7
SHORT_SECTIONS = 50_000
LONG_SECTIONS = 40
READERS = 8


def short(enter: Callable[[], AbstractContextManager[object]]) -> float:
    """Return nanoseconds for one section that does one look-up."""
    table = {1: 1}
    began = time.process_time_ns()
    for _ in range(SHORT_SECTIONS):
        with enter():
            table[1]
    return (time.process_time_ns() - began) / SHORT_SECTIONS


def long(reading: Callable[[], AbstractContextManager[object]]) -> float:
    """Return long sections a second, of readers side by side."""

    def read() -> None:
        for _ in range(LONG_SECTIONS):
            with reading():
                time.sleep(0.001)

    threads = [threading.Thread(target=read) for _ in range(READERS)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return READERS * LONG_SECTIONS / (time.perf_counter() - began)


def main() -> None:
    plain, both = threading.Lock(), ReadWriteLock()
    kinds: dict[str, Callable[[], AbstractContextManager[object]]] = {
        "threading.Lock": lambda: plain,
        "ReadWriteLock.reading()": both.reading,
        "ReadWriteLock.writing()": both.writing,
    }
    found = {
        kind: ([short(e) for _ in range(ROUNDS)], [long(e) for _ in range(3)]) for kind, e in kinds.items()
    }
    base_short, base_long = (statistics.median(values) for values in found["threading.Lock"])
    print(f"{'':26}{'short section':>22}{f'1 ms sections, {READERS} threads':>32}")
    for kind, (short_ns, long_rate) in found.items():
        ns, rate = statistics.median(short_ns), statistics.median(long_rate)
        cells = f"{ns:.0f} ns (×{ns / base_short:.1f})", f"{rate:.0f}/s (×{rate / base_long:.1f})"
        print(f"{kind:26}{cells[0]:>22}{cells[1]:>32}")


if __name__ == "__main__":
    main()
