"""The examples of the caches' documentation run as they stand."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import IO, Any

from lakehouse.cache import on_node

TEXT = (Path(__file__).parents[3] / "docs" / "how-to" / "use-the-caches.md").read_text()
EXAMPLES = re.findall(r"```python\n(.*?)```", TEXT, flags=re.S)


def run(example: str, **names: Any) -> dict[str, Any]:
    exec(compile(example, "docs/how-to/use-the-caches.md", "exec"), names)
    return names


def test_the_example_of_the_memory_cache_holds() -> None:
    run(EXAMPLES[0])


def test_the_example_of_the_file_cache_gives_the_file_in_three_ways(tmp_path: Path) -> None:
    def fetch(target: IO[bytes]) -> None:
        target.write(b"PAR1 and more")

    found = run(EXAMPLES[1], directory=tmp_path, uri="a", version="1", fetch=fetch, os=os)
    assert (found["header"], found["whole"]) == (b"PAR1", b"PAR1 and more")
    assert not found["path"].exists(), "the lease is closed"


def test_the_example_of_a_task_looks_its_rates_up(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("LAKEHOUSE_CACHE_DIR", str(tmp_path))
    fetched = []

    def fetch_rates(target: IO[bytes]) -> None:
        fetched.append(1)
        target.write(b"EUR,1.0\nUSD,1.1\n")

    found = run(
        EXAMPLES[2],
        RATES_URI="rates",
        RATES_VERSION="1",
        fetch_rates=fetch_rates,
        with_rate=lambda batch, rates: (batch, rates["USD"]),
    )
    for _ in range(2):
        assert list(found["convert"](["a", "b"])) == [("a", "1.1"), ("b", "1.1")]
    assert len(fetched) == 1
    assert on_node().files.statistics().memory_hits == 1


def test_the_example_of_a_reference_file_loads_it(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("LAKEHOUSE_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "rates.csv").write_text("EUR,1.0\nUSD,1.1\n")
    names = {"on_node": on_node, "RATES_URI": str(tmp_path / "rates.csv")}
    found = run(EXAMPLES[3], rates_by_currency=lambda lease: lease.read().decode().split(), **names)
    assert found["rates"] == ["EUR,1.0", "USD,1.1"]


def test_every_setting_in_the_text_is_one_that_is_read() -> None:
    from lakehouse.cache.node_cache import VARIABLE_BY_KEY

    assert dict(re.findall(r"\| `(spark\.lakehouse\.\S+)` \| `(LAKEHOUSE_\S+)` \|", TEXT)) == VARIABLE_BY_KEY
