"""Claim: dividing a column takes at most 64 MiB beside its input and output, however long it is."""

from __future__ import annotations

import argparse
import tracemalloc

import numpy as np
import pyarrow as pa

from lakehouse.division import divide_arrow


def scratch_bytes(rows: int, *, width: int, engine: str, algorithm: str) -> int:
    """The peak above input and output: numpy tells tracemalloc of its arrays, Arrow's pool is asked."""
    left = pa.array(np.arange(rows, dtype=np.int64))
    right = pa.array(np.arange(1, rows + 1, dtype=np.int64))
    options = {"width": width, "engine": engine, "algorithm": algorithm, "on_error": "quarantine"}
    divide_arrow(left[:9], right[:9], **options)  # type: ignore[arg-type]
    arrow_before = pa.default_memory_pool().max_memory()
    tracemalloc.start()
    result = divide_arrow(left, right, **options)  # type: ignore[arg-type]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    arrow = max(pa.default_memory_pool().max_memory() - arrow_before, 0)
    return peak - result.nbytes + arrow


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000, 10_000_000])
    counts = parser.parse_args().rows
    print(f"{'scratch, MiB':<44}" + "".join(f"{rows:>14,}" for rows in counts) + "  rows")
    for width in (64, 128):
        for engine, algorithm in (
            ("numba", "shift_subtract"),
            ("numpy", "shift_subtract"),
            ("numpy", "newton"),
        ):
            if algorithm == "newton" and width == 128:
                continue
            sizes = [scratch_bytes(rows, width=width, engine=engine, algorithm=algorithm) for rows in counts]
            name = f"width {width}, {algorithm}, {engine}"
            print(f"{name:<44}" + "".join(f"{size / 2**20:>14.2f}" for size in sizes))


if __name__ == "__main__":
    main()
