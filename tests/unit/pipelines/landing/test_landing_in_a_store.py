"""A warehouse in a store: files are landed there without Spark, each once, whoever is stopped in between."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from lakehouse.cli import main
from lakehouse.pipelines import NothingNew, Refreshed, Warehouse
from lakehouse.storage import storage_for
from tests.conformance.storage import storage_servers
from tests.conformance.storage.storage_servers import PLACE, S3_ENVIRONMENT
from tests.stopping import StopAfter
from tests.unit.pipelines.landing.landing_place import Place, only, put


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with storage_servers.moto() as server:
        yield server.endpoint


@pytest.fixture
def place(tmp_path: Path, endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Place:
    for name, value in {**S3_ENVIRONMENT, "AWS_ENDPOINT_URL": endpoint}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    made = Place(tmp_path)
    made.warehouse = Warehouse.at(f"s3://{PLACE}/{tmp_path.name}")
    return made


def keys(place: Place) -> list[str]:
    return [stat.key for stat in storage_for(place.warehouse.root).list("bronze/")]


@pytest.mark.parametrize("step", ["batch", "quarantine", "publish"])
def test_a_stopped_landing_is_finished_and_nothing_of_it_is_left(
    place: Place, step: str, tmp_path: Path
) -> None:
    put(place.landing / "a", 1, 2)
    (place.landing / "bad").write_bytes(b"\xff")
    os.utime(place.landing / "bad", (1e9, 1e9))
    with pytest.raises(KeyboardInterrupt):
        place.land(listener=StopAfter(step, error=KeyboardInterrupt))
    if step != "publish":
        assert not any(key.startswith("bronze/raw/_delta_log") for key in keys(place))
    put(place.landing / "b", 3)
    only(place.land(), Refreshed)
    assert place.ids() == [1, 2, 3]
    assert list(place.set_aside()) == ["bad"]
    only(place.land(), NothingNew)
    staged = [key for key in keys(place) if "_lakehouse_staging" in key]
    assert step == "publish" or staged == [], "what a stop after the commit leaves goes with the next batch"
    data = [key for key in keys(place) if key.startswith("bronze/raw/part-")]
    assert len(data) == 2, "no copy of an attempt is left"
    assert list((tmp_path / "tmp").iterdir()) == []


def test_the_verb_lands_into_a_store(place: Place) -> None:
    put(place.landing / "a", 1)
    given = ["land", str(place.landing), "raw", "--format", "json_lines", "--columns", "id bigint"]
    assert main([*given, "--pipeline", "p", "--warehouse", place.warehouse.root]) == 0
    assert place.ids() == [1]
