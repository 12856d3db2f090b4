"""A file that every task looks something up in: one state of it, fetched once."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from lakehouse.cache import Lease, NodeCache, NodeCacheSettings, ReferenceFile, SourceChangedError
from lakehouse.settings import S3Storage
from lakehouse.storage import NotFoundError, register_settings, schemes


@pytest.fixture
def node(tmp_path: Path) -> NodeCache:
    return NodeCache(NodeCacheSettings(directory=tmp_path / "cache"))


def test_it_is_fetched_once_and_shipped_without_its_content(tmp_path: Path, node: NodeCache) -> None:
    path = tmp_path / "rates.csv"
    path.write_bytes(b"rate" * 10_000)
    shipped = pickle.dumps(ReferenceFile.at(str(path)))
    assert len(shipped) < 1000
    for _ in range(3):
        assert pickle.loads(shipped).load(node, Lease.read) == b"rate" * 10_000
    seen = node.files.statistics()
    assert (seen.fetches, seen.memory_hits) == (1, 2)


def test_its_next_state_is_another_file(tmp_path: Path, node: NodeCache) -> None:
    path = tmp_path / "rates.csv"
    for content in (b"old", b"newer"):
        path.write_bytes(content)
        assert ReferenceFile.at(str(path)).load(node, Lease.read) == content


def test_a_file_that_changed_after_the_driver_saw_it_is_an_error(tmp_path: Path, node: NodeCache) -> None:
    path = tmp_path / "rates.csv"
    path.write_bytes(b"old")
    reference = ReferenceFile.at(str(path))
    path.write_bytes(b"newer")
    with pytest.raises(SourceChangedError, match=r"rates\.csv' changed while it was copied"):
        reference.load(node, Lease.read)


def test_a_file_that_is_not_there_is_an_error_at_once(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        ReferenceFile.at(str(tmp_path / "none"))


def test_it_carries_how_to_reach_its_store(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schemes, "_KNOWN", {})
    asked = []
    monkeypatch.setattr(
        "lakehouse.cache.reference_file.locate", lambda uri, settings: asked.append(settings) or 1 / 0
    )
    settings = S3Storage(bucket="b", endpoint="http://127.0.0.1:1")
    register_settings(settings)
    with pytest.raises(ZeroDivisionError):
        ReferenceFile.at("s3://b/k")
    assert asked == [settings]
