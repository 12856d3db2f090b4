"""Which files a landing zone offers, on a disk and on a storage service."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakehouse.ingestion import (
    LandingZone,
    LocalLandingZone,
    MissingLandingZoneError,
    StoredLandingZone,
    landing_zone,
)
from lakehouse.storage import LocalStorageService, MemoryStorageService, register_scheme, schemes

NAMES = ["in/b.csv", "in/a.csv", "in/_temporary.csv", "in/.hidden.csv", "in/note.txt", "in/deeper/c.csv"]


@pytest.fixture(params=["local", "stored on disk", "stored in memory"])
def zone(request: pytest.FixtureRequest, tmp_path: Path) -> LandingZone:
    service = MemoryStorageService() if request.param == "stored in memory" else LocalStorageService(tmp_path)
    for name in NAMES:
        service.write(name, name.encode())
    if request.param == "local":
        return LocalLandingZone(str(tmp_path / "in" / "*.csv"))
    return StoredLandingZone(service, "in/*.csv")


def test_what_matches_comes_in_order_without_hidden_and_deeper_files(zone: LandingZone) -> None:
    assert [file.path.rpartition("/")[2] for file in zone.files()] == ["a.csv", "b.csv"]


def test_a_file_is_opened_as_it_lies_there(zone: LandingZone) -> None:
    with zone.open(zone.files()[0]) as stream:
        assert stream.read() == b"in/a.csv"


def test_a_pattern_with_a_scheme_is_looked_for_in_its_store(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schemes, "_FACTORIES", dict(schemes._FACTORIES))
    service = MemoryStorageService()
    register_scheme("probe", lambda location, settings: service)
    service.write("in/a.csv", b"a")
    zone = landing_zone("probe://bucket/in/*.csv")
    assert [zone.open(file).read() for file in zone.files()] == [b"a"]


def test_a_pattern_without_a_scheme_or_with_file_is_of_this_machine(tmp_path: Path) -> None:
    (tmp_path / "a b.csv").write_text("x")
    for pattern in (f"{tmp_path}/*.csv", f"file://{tmp_path}/*.csv"):
        assert [file.path for file in landing_zone(pattern).files()] == [f"{tmp_path}/a b.csv"]


def test_a_folder_that_matches_is_shown_as_one(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    (file,) = LocalLandingZone(str(tmp_path / "*.csv")).files()
    assert file.is_folder


def test_a_pattern_may_match_folders_on_the_way(tmp_path: Path) -> None:
    for day in ("1", "2"):
        (tmp_path / day).mkdir()
        (tmp_path / day / "sales.csv").write_text("x")
    assert len(LocalLandingZone(str(tmp_path / "*" / "sales.csv")).files()) == 2


def test_a_folder_that_is_not_there_is_an_error_and_an_empty_one_is_not(tmp_path: Path) -> None:
    assert LocalLandingZone(str(tmp_path / "*.csv")).files() == ()
    with pytest.raises(MissingLandingZoneError, match=r"'.*none'.*Fix:"):
        LocalLandingZone(str(tmp_path / "none" / "*.csv")).check()
