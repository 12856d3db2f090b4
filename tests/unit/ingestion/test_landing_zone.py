"""Which files a landing zone offers, on a disk and on a storage service."""

from __future__ import annotations

import os
from collections.abc import Callable
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

NAMES = [
    "in/b.csv",
    "in/a.csv",
    "in/_temporary.csv",
    "in/.hidden.csv",
    "in/note.txt",
    "in/deeper/c.csv",
    "in/_temporary/d.csv",
    "in/.staging/e.csv",
    "in/day=1/f.csv",
]


MakeZone = Callable[[str], LandingZone]


@pytest.fixture(params=["local", "stored on disk", "stored in memory"])
def make_zone(request: pytest.FixtureRequest, tmp_path: Path) -> MakeZone:
    service = MemoryStorageService() if request.param == "stored in memory" else LocalStorageService(tmp_path)
    for name in NAMES:
        service.write(name, name.encode())
    if request.param == "local":
        return lambda pattern: LocalLandingZone(str(tmp_path / pattern))
    return lambda pattern: StoredLandingZone(service, pattern)


@pytest.fixture
def zone(make_zone: MakeZone) -> LandingZone:
    return make_zone("in/*.csv")


def test_what_matches_comes_in_order_without_hidden_and_deeper_files(zone: LandingZone) -> None:
    assert [file.path.rpartition("/")[2] for file in zone.files()] == ["a.csv", "b.csv"]


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("in/*/*.csv", ["c.csv", "f.csv"]),
        ("in/_temp*/*.csv", ["d.csv"]),
        ("in/.*/*.csv", ["e.csv"]),
        ("in/_*.csv", ["_temporary.csv"]),
        ("in/_temporary.csv", ["_temporary.csv"]),
        ("in/_temporary/*.csv", ["d.csv"]),
    ],
)
def test_private_folders_and_files_match_only_a_pattern_that_begins_so_too(
    make_zone: MakeZone, pattern: str, names: list[str]
) -> None:
    assert sorted(file.path.rpartition("/")[2] for file in make_zone(pattern).files()) == names


@pytest.mark.parametrize("others", [1, 100])
def test_files_are_looked_at_again_by_their_paths(zone: LandingZone, others: int) -> None:
    (first, second) = zone.files()
    gone = [f"{first.path}{number}" for number in range(others)]
    assert zone.now([first.path, second.path, *gone]) == {first.path: first, second.path: second}


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
    assert file.fault == "it is a folder where a file is expected"


def test_a_pattern_may_match_folders_on_the_way(tmp_path: Path) -> None:
    for day in ("1", "2"):
        (tmp_path / day).mkdir()
        (tmp_path / day / "sales.csv").write_text("x")
    assert len(LocalLandingZone(str(tmp_path / "*" / "sales.csv")).files()) == 2


def test_a_folder_that_is_not_there_is_an_error_and_an_empty_one_is_not(tmp_path: Path) -> None:
    assert LocalLandingZone(str(tmp_path / "*.csv")).files() == ()
    with pytest.raises(MissingLandingZoneError, match=r"'.*none'.*Fix:"):
        LocalLandingZone(str(tmp_path / "none" / "*.csv")).check()


def test_what_has_no_bytes_to_read_is_shown_with_its_fault(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.csv")
    (tmp_path / "b.csv").symlink_to("b.csv")
    (tmp_path / "c.csv").symlink_to("gone")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.csv")).write_text("x")
    faults = {
        file.path.rpartition("/")[2]: file.fault for file in LocalLandingZone(f"{tmp_path}/*.csv").files()
    }
    assert faults == {
        "a.csv": "it is a pipe, a socket or a device where a file is expected",
        "b.csv": "it can't be read (Too many levels of symbolic links)",
        "\\xff.csv": "its name is not UTF-8",
    }


def test_a_path_that_no_key_can_have_is_looked_for_in_vain() -> None:
    store = MemoryStorageService()
    assert StoredLandingZone(store, "in/*.csv").now([f"{store.uri()}in/../a.csv"]) == {}
