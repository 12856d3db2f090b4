"""Kernels: many random pairs, no division inside, little memory, and life without the fast extra."""

from __future__ import annotations

import re
import subprocess
import sys
import tracemalloc
from typing import Any

import numba
import numpy as np
import pyarrow as pa
import pytest

from lakehouse.division import Rounding, divide_arrow
from lakehouse.division.columns import narrow_numba, newton, shift_subtract_numba, shift_subtract_numpy

DIVISIONS = {
    "divide",
    "true_divide",
    "floor_divide",
    "remainder",
    "mod",
    "fmod",
    "divmod",
    "reciprocal",
    "power",
}
FAST_ENGINES = [("numba", "shift_subtract"), ("numpy", "shift_subtract"), ("numpy", "newton")]


def random_pairs(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Both signs, every length in bits alike likely, no zero divisor and no overflow."""
    chance = np.random.default_rng(seed)
    low, high = -(2**63), 2**63 - 1
    dividends = chance.integers(low, high, count, endpoint=True) >> chance.integers(0, 63, count)
    divisors = chance.integers(low, high, count, endpoint=True) >> chance.integers(0, 63, count)
    divisors[divisors == 0] = 3
    dividends[(dividends == low) & (divisors == -1)] = 0
    return dividends, divisors


def assert_agrees_with_numpy(count: int, seed: int, engine: Any, algorithm: Any) -> None:
    dividends, divisors = random_pairs(count, seed)
    options: dict[str, Any] = {"engine": engine, "algorithm": algorithm, "on_error": "raise"}
    floor = divide_arrow(pa.array(dividends), pa.array(divisors), rounding=Rounding.FLOOR, **options)
    quotients, remainders = np.divmod(dividends, divisors)
    assert np.array_equal(floor.field(0).to_numpy(), quotients)
    assert np.array_equal(floor.field(1).to_numpy(), remainders)
    truncated = divide_arrow(pa.array(dividends), pa.array(divisors), rounding=Rounding.TRUNCATE, **options)
    assert np.array_equal(truncated.field(1).to_numpy(), np.fmod(dividends, divisors))
    for rounding in (Rounding.EUCLIDEAN, Rounding.CEILING, Rounding.HALF_EVEN):
        result = divide_arrow(pa.array(dividends), pa.array(divisors), rounding=rounding, **options)
        steps = result.field(0).to_numpy() - quotients
        assert np.isin(steps, [0, 1]).all()
        assert np.array_equal(result.field(1).to_numpy(), remainders - steps * divisors)


@pytest.mark.parametrize(("engine", "algorithm"), FAST_ENGINES)
def test_random_pairs_agree_with_native_division(engine: Any, algorithm: Any) -> None:
    assert_agrees_with_numpy(200_000, 1, engine, algorithm)


@pytest.mark.slow
@pytest.mark.parametrize(("engine", "algorithm"), FAST_ENGINES)
def test_ten_million_random_pairs_agree_with_native_division(engine: Any, algorithm: Any) -> None:
    for seed in range(10):
        assert_agrees_with_numpy(1_000_000, 100 + seed, engine, algorithm)


class Watched(np.ndarray):
    """An array that notes every numpy function it takes part in."""

    seen: set[str] = set()  # noqa: RUF012 - shared by design

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        self.seen.add(ufunc.__name__)
        plain = [item.view(np.ndarray) if isinstance(item, Watched) else item for item in inputs]
        for name in ("out", "where"):
            given = options.get(name)
            if isinstance(given, tuple):
                options[name] = tuple(item.view(np.ndarray) for item in given)
            elif isinstance(given, Watched):
                options[name] = given.view(np.ndarray)
        result = getattr(ufunc, method)(*plain, **options)
        if isinstance(result, tuple):
            return tuple(item.view(Watched) for item in result)
        return options["out"][0].view(Watched) if "out" in options else np.asarray(result).view(Watched)


@pytest.mark.parametrize("module", [shift_subtract_numpy, newton], ids=["shift_subtract", "newton"])
def test_the_numpy_kernels_use_no_division(module: Any) -> None:
    Watched.seen.clear()
    arrays = [np.arange(1, 101, dtype=np.uint64).view(Watched) for _ in range(4)]
    arrays[0] *= np.uint64(977)
    module.make_kernel().divide(*arrays)
    assert np.array_equal(arrays[2].view(np.ndarray), np.full(100, 977))
    assert Watched.seen & {"subtract"}
    assert Watched.seen & DIVISIONS == set()
    if module is shift_subtract_numpy:
        module.make_kernel().divide_wide(*(array.reshape(2, 50) for array in arrays))
        assert Watched.seen & DIVISIONS == set()


def test_the_machine_code_of_the_compiled_kernels_has_no_division() -> None:
    signed = np.full(64, 9, np.int64)
    one, two = np.full(64, 9, np.uint64), np.full((2, 64), 9, np.uint64)
    for cached, arrays in (
        (shift_subtract_numba._divide, (one, one, one.copy(), one.copy(), 8)),
        (shift_subtract_numba._divide_wide, (two, two, two.copy(), two.copy())),
        (narrow_numba._magnitudes, (signed, signed, one.copy(), one.copy())),
        (
            narrow_numba._finish,
            (signed, signed, one, one.copy(), one.copy(), signed < 0, 1, np.uint64(1 << 63)),
        ),
    ):
        # Compiled again, as numba shows only code that it did not load from its cache.
        function = numba.njit(nogil=True)(cached.py_func)
        function(*arrays)
        assert arrays[2].flat[0] in {1, 9}
        (code,) = function.inspect_asm().values()
        assert len(code) > 500
        assert re.findall(r"\b(?:i?div[bwlq]|v?div[sp][sd]|v?rcp\w*)\b", code) == []


@pytest.mark.parametrize(("engine", "algorithm"), FAST_ENGINES)
@pytest.mark.parametrize("width", [64, 128])
def test_the_scratch_memory_does_not_grow_with_the_column(engine: Any, algorithm: Any, width: int) -> None:
    if algorithm == "newton" and width == 128:
        pytest.skip("Newton's reciprocal is for one word")
    peaks = [_scratch_bytes(rows, width, engine, algorithm) for rows in (100_000, 1_600_000)]
    assert max(peaks) < 8 * 2**20
    assert peaks[1] < peaks[0] + 2**20


def _scratch_bytes(rows: int, width: int, engine: Any, algorithm: Any) -> int:
    """The most memory in use above inputs and outputs, all of it numpy's, which tells tracemalloc."""
    numbers = pa.array(np.arange(rows, dtype=np.int64))
    ones = pa.array(np.ones(rows, np.int64))
    divide_arrow(numbers[:9], ones[:9], width=width, engine=engine, algorithm=algorithm)
    tracemalloc.start()
    try:
        result = divide_arrow(
            numbers, ones, width=width, engine=engine, algorithm=algorithm, on_error="quarantine"
        )
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return peak - result.nbytes


@pytest.mark.parametrize(("missing", "engine"), [(["numba"], "numpy"), (["numba", "numpy"], "rows")])
def test_without_the_fast_extra_the_answers_are_the_same(missing: list[str], engine: str) -> None:
    code = f"""
import importlib.util, sys
for name in {missing!r}:
    sys.modules[name] = None
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name in {missing!r} else find(name, package)
import pyarrow as pa
from lakehouse.division import divide_arrow
from lakehouse.division.columns.kernel import resolve_engine
from lakehouse.errors import MissingDependencyError
print(resolve_engine("auto", "shift_subtract"))
left, right = pa.array([-7, 7, None, -2**63]), pa.array([2, 0, 1, -1])
print(divide_arrow(left, right, on_error="quarantine").to_pylist())
try:
    divide_arrow(pa.array([1]), pa.array([1]), engine={missing[-1]!r})
except MissingDependencyError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    chosen, rows, error = done.stdout.strip().splitlines()
    assert chosen == engine
    assert rows == str(
        [
            {"quotient": -4, "remainder": 1, "error": None},
            {"quotient": None, "remainder": None, "error": "division by zero"},
            None,
            {"quotient": None, "remainder": None, "error": "overflow"},
        ]
    )
    assert "lakehouse[fast]" in error
