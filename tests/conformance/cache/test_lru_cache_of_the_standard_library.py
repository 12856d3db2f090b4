"""The decorator passes the tests that CPython has for functools.lru_cache."""

from __future__ import annotations

import functools
import types
import unittest
from typing import Any

import pytest

from lakehouse.cache import cached
from lakehouse.cache.memoize import CacheInfo

stdlib = pytest.importorskip("test.test_functools", reason="this Python comes without its own tests")

shim = types.SimpleNamespace(
    lru_cache=cached,
    _CacheInfo=CacheInfo,
    partial=functools.partial,
    WRAPPER_ASSIGNMENTS=functools.WRAPPER_ASSIGNMENTS,
)


@cached()
def cached_func(x: int, y: int) -> int:
    return 3 * x + y


class TestTheDecorator(stdlib.TestLRU, unittest.TestCase):  # type: ignore[name-defined,misc]
    module: Any = shim
    cached_func = (cached_func,)
    # It demands n calls of the function for n simultaneous threads, where ours makes one.
    test_lru_cache_threaded2 = None

    @cached()
    def cached_meth(self, x: int, y: int) -> int:
        return 3 * x + y

    @staticmethod
    @cached()
    def cached_staticmeth(x: int, y: int) -> int:
        return 3 * x + y
