"""Claim: a column is divided by shift and subtract at least 40 times as fast as row by row, on one core.

Every method divides the same pairs in this one run; the slow ones take fewer of them. ``--rows`` sets how many.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
import pyarrow as pa

from lakehouse.division import ArithmeticUnit, BinaryInstructionSet, Operand, Rounding, divide_arrow

ROW_SAMPLE = 50_000
REPEATS = 5


def row_by_row(dividend: int, divisor: int) -> tuple[int, int]:
    """What one writes by hand: restoring division, normalised by the lengths, floored."""
    magnitude, by = abs(dividend), abs(divisor)
    quotient = 0
    for place in range(magnitude.bit_length() - by.bit_length(), -1, -1):
        quotient <<= 1
        shifted = by << place
        if magnitude >= shifted:
            magnitude -= shifted
            quotient |= 1
    if (dividend < 0) != (divisor < 0):
        return (-quotient, 0) if not magnitude else (-quotient - 1, by - magnitude)
    return quotient, magnitude


def all_steps(dividend: int, divisor: int) -> tuple[int, int]:
    """The textbook's: 64 steps whatever the numbers."""
    magnitude, by = abs(dividend), abs(divisor)
    quotient = remainder = 0
    for place in range(63, -1, -1):
        remainder = (remainder << 1) | ((magnitude >> place) & 1)
        quotient <<= 1
        if remainder >= by:
            remainder -= by
            quotient |= 1
    if (dividend < 0) != (divisor < 0):
        return (-quotient, 0) if not remainder else (-quotient - 1, by - remainder)
    return quotient, remainder


def pairs(rows: int, *, mixed: bool) -> tuple[np.ndarray, np.ndarray]:
    """64 random bits, or (mixed) every length in bits alike likely; no zero divisor."""
    chance = np.random.default_rng(64)
    low, high = -(2**63) + 1, 2**63 - 1
    dividends, divisors = (chance.integers(low, high, rows, endpoint=True) for _ in range(2))
    if mixed:
        dividends >>= chance.integers(0, 63, rows)
        divisors >>= chance.integers(0, 63, rows)
    divisors[divisors == 0] = 3
    return dividends, divisors


def rate(work: Callable[[], object], rows: int, repeats: int = REPEATS) -> float:
    """Million rows a second of processor time, the median of the repeats."""
    work()
    seconds = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        seconds.append(time.process_time() - start)
    return rows / statistics.median(seconds) / 1e6


def methods(dividends: np.ndarray, divisors: np.ndarray) -> list[tuple[str, Callable[[], object], int]]:
    left, right = pa.array(dividends), pa.array(divisors)
    few = list(zip(dividends[:ROW_SAMPLE].tolist(), divisors[:ROW_SAMPLE].tolist(), strict=True))
    unit = ArithmeticUnit(BinaryInstructionSet(width=64), rounding=Rounding.FLOOR)
    engines = [("numba", "shift_subtract"), ("numpy", "shift_subtract"), ("numpy", "newton")]
    table: list[tuple[str, Callable[[], object], int]] = [
        ("Python, row by row, 64 steps", lambda: [all_steps(*pair) for pair in few], len(few)),
        ("Python, row by row, normalised", lambda: [row_by_row(*pair) for pair in few], len(few)),
        (
            "ArithmeticUnit, row by row",
            lambda: [unit.divide(Operand.of(a), Operand.of(b)) for a, b in few],
            len(few),
        ),
    ]
    for engine, algorithm in engines:
        name = f"divide_arrow, {algorithm}, {engine}"

        def work(engine: str = engine, algorithm: str = algorithm) -> object:
            return divide_arrow(left, right, engine=engine, algorithm=algorithm)  # type: ignore[arg-type]

        table.append((name, work, len(left)))
    table.append(
        ("numpy // and % (native)", lambda: (dividends // divisors, dividends % divisors), len(left))
    )
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    rows = parser.parse_args().rows
    for mixed in (True, False):
        print(f"\n{rows:,} pairs of int64, {'all lengths alike likely' if mixed else '64 random bits'}")
        print(f"{'':<40}{'M rows/s':>10}{'x normalised row':>18}{'x 64-step row':>15}")
        measured = [(name, rate(work, count)) for name, work, count in methods(*pairs(rows, mixed=mixed))]
        textbook, normalised = measured[0][1], measured[1][1]
        for name, speed in measured:
            print(f"{name:<40}{speed:>10.2f}{speed / normalised:>18.1f}{speed / textbook:>15.1f}")


if __name__ == "__main__":
    main()
