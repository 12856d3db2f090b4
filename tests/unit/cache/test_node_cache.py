"""The two levels of a worker process, and where their settings come from."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import IO

import pytest

from lakehouse.cache import Lease, NodeCache, NodeCacheSettings
from lakehouse.cache.errors import CacheSettingError
from lakehouse.cache.node_cache import node_cache

RATES = b"EUR 1.0\nUSD 1.1\n"


class RatesSource:
    """Gives exchange rates as text, and counts."""

    def __init__(self) -> None:
        self.fetches = self.parses = 0

    def fetch(self, target: IO[bytes]) -> None:
        self.fetches += 1
        target.write(RATES)

    def parse(self, lease: Lease) -> dict[str, float]:
        self.parses += 1
        lines = lease.read().decode().splitlines()
        return {currency: float(rate) for currency, rate in (line.split() for line in lines)}


@pytest.fixture
def source() -> RatesSource:
    return RatesSource()


def settings_in(folder: Path, *, enabled: bool = True, memory_entries: int = 4) -> NodeCacheSettings:
    return NodeCacheSettings(directory=folder, enabled=enabled, memory_entries=memory_entries)


def test_a_parsed_file_is_fetched_and_parsed_once_in_a_process(tmp_path: Path, source: RatesSource) -> None:
    node = NodeCache(settings_in(tmp_path))
    parse = source.parse
    for _ in range(3):
        assert node.load("rates", "2026-11-24", source.fetch, parse) == {"EUR": 1.0, "USD": 1.1}
    assert (source.fetches, source.parses) == (1, 1)
    seen = node.files.statistics()
    assert (seen.memory_hits, seen.memory_misses, seen.memory_loads, seen.fetches) == (2, 1, 1, 1)


def test_another_process_on_the_node_parses_the_copy_and_fetches_nothing(
    tmp_path: Path, source: RatesSource
) -> None:
    for _ in range(2):
        NodeCache(settings_in(tmp_path)).load("rates", "1", source.fetch, source.parse)
    assert (source.fetches, source.parses) == (1, 2)


def test_two_ways_to_parse_one_file_are_two_objects(tmp_path: Path, source: RatesSource) -> None:
    node = NodeCache(settings_in(tmp_path))
    assert node.load("rates", "1", source.fetch, Lease.read) == RATES
    assert node.load("rates", "1", source.fetch, source.parse)["USD"] == 1.1
    assert source.fetches == 1


def test_memory_keeps_no_more_objects_than_allowed(tmp_path: Path, source: RatesSource) -> None:
    node = NodeCache(settings_in(tmp_path, memory_entries=2))
    for version in ["1", "2", "3", "1"]:
        node.load("rates", version, source.fetch, Lease.read)
    seen = node.files.statistics()
    assert (seen.memory_evictions, seen.memory_loads, seen.fetches) == (2, 4, 3)


def test_switched_off_everything_comes_from_the_source(tmp_path: Path, source: RatesSource) -> None:
    node = NodeCache(settings_in(tmp_path / "cache", enabled=False))
    for _ in range(2):
        node.load("rates", "1", source.fetch, Lease.read)
    assert source.fetches == 2
    assert not (tmp_path / "cache").exists()


def test_a_process_has_one_cache_for_the_same_settings(tmp_path: Path) -> None:
    assert node_cache(settings_in(tmp_path)) is node_cache(settings_in(tmp_path))
    assert node_cache(settings_in(tmp_path)) is not node_cache(settings_in(tmp_path / "other"))


def test_properties_go_before_the_environment_and_that_before_the_default() -> None:
    properties = {"spark.lakehouse.cache.dir": "/fast", "spark.lakehouse.cache.enabled": "false"}
    environment = {"LAKEHOUSE_CACHE_DIR": "/slow", "LAKEHOUSE_CACHE_MAX_BYTES": "20g"}
    assert NodeCacheSettings.read(properties.get, environment) == NodeCacheSettings(
        directory=Path("/fast"), max_bytes=20 << 30, enabled=False, memory_entries=256
    )
    assert NodeCacheSettings.read({}.get, {}).enabled


@pytest.mark.parametrize(
    ("key", "value"),
    [("maxBytes", "much"), ("maxBytes", "0"), ("maxBytes", "-5"), ("enabled", "yes")],
)
def test_an_unusable_setting_is_an_error_with_key_and_value(key: str, value: str) -> None:
    with pytest.raises(CacheSettingError, match=rf"spark.lakehouse.cache.{key} is '{value}'.*Fix: set it"):
        NodeCacheSettings.read({f"spark.lakehouse.cache.{key}": value}.get, {})


def test_the_package_does_not_import_spark_or_arrow() -> None:
    code = "import lakehouse.cache, sys; print([m for m in ('pyspark', 'pyarrow') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout.strip() == b"[]"
