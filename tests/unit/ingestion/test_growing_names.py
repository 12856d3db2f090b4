"""Where names grow, a listing starts after the last one; a name that doesn't is found a day later at most."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lakehouse.ingestion import (
    CsvFormat,
    FileInputs,
    FileTracker,
    Listing,
    LocalLandingZone,
    SeenFiles,
    StoredLandingZone,
)
from lakehouse.storage import MemoryStorageService, ObjectStat

NOON = 1_000_000.0
HOUR = 3600.0


class Zone(LocalLandingZone):
    """Notes what its listings gave."""

    given: list[str]

    def listed(self, *, after: str = "") -> Iterator[Listing]:
        self.given = []
        for listing in super().listed(after=after):
            self.given += [path.rpartition("/")[2] for path in listing.paths]
            yield listing


class Landing:
    """A folder whose names grow, the batches over it so far, and a clock."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.time = NOON
        self.history: list[dict[str, Any]] = []
        self.zone = Zone(f"{folder}/*.csv")

    def put(self, name: str, text: str = "id\n1\n", *, seconds_ago: float = 100) -> None:
        path = self.folder / name
        path.write_text(text)
        os.utime(path, (self.time - seconds_ago,) * 2)

    def look(self, *, at_rest_seconds: float = 0, names_grow: bool = True, delimiter: str = ",") -> list[str]:
        tracker = FileTracker(
            zone=self.zone,
            file_format=CsvFormat(columns=("id",), delimiter=delimiter),
            names_grow=names_grow,
            at_rest_seconds=at_rest_seconds,
            clock=lambda: self.time,
            sleep=lambda seconds: None,
        )
        seen = SeenFiles(None, self.history)
        inputs = tracker.inspected(tracker.candidates(seen), seen)
        if inputs is None:
            return []
        self.history.append(inputs.as_json())
        return [f"{Path(file.path).name}{'' if file.reason is None else '!'}" for file in inputs.new()]


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    landing = Landing(tmp_path)
    for name in ("a1.csv", "a2.csv"):
        landing.put(name)
    assert landing.look() == ["a1.csv", "a2.csv"]
    return landing


def test_a_listing_starts_after_the_last_name(landing: Landing) -> None:
    landing.put("a3.csv")
    assert landing.look() == ["a3.csv"]
    assert landing.zone.given == ["a3.csv"]
    assert landing.look() == []
    assert landing.zone.given == []


def test_without_the_promise_everything_is_listed(landing: Landing) -> None:
    landing.put("a0.csv")
    assert landing.look(names_grow=False) == ["a0.csv"]
    assert landing.zone.given == ["a0.csv", "a1.csv", "a2.csv"]


def test_a_late_file_with_a_smaller_name_is_found_a_day_later(landing: Landing) -> None:
    landing.put("a0.csv")
    landing.time += 23 * HOUR
    assert landing.look() == []
    landing.time += 1 * HOUR
    assert landing.look() == ["a0.csv"]
    assert landing.zone.given == ["a0.csv", "a1.csv", "a2.csv"]
    landing.put("a3.csv")
    assert landing.look() == ["a3.csv"]
    assert landing.zone.given == ["a3.csv"]


def test_batches_in_between_do_not_put_the_complete_listing_off(landing: Landing) -> None:
    landing.put("a0.csv")
    for hour in range(23):
        landing.time += HOUR
        landing.put(f"b{hour:02}.csv")
        assert landing.look() == [f"b{hour:02}.csv"]
    landing.time += HOUR
    assert landing.look() == ["a0.csv"]


def test_a_clock_that_was_set_back_is_no_reason_to_list_less(landing: Landing) -> None:
    landing.put("a0.csv")
    landing.time -= HOUR
    assert landing.look() == ["a0.csv"]


def test_a_pattern_that_was_changed_is_listed_whole(landing: Landing) -> None:
    landing.put("a0.txt")
    landing.zone = Zone(f"{landing.folder}/*.txt")
    assert landing.look() == ["a0.txt"]


def test_a_file_that_is_still_being_written_is_not_passed_over(landing: Landing) -> None:
    landing.put("a4.csv", seconds_ago=1)
    landing.put("a3.csv")
    landing.put("a5.csv")
    assert landing.look(at_rest_seconds=60) == ["a3.csv", "a5.csv"]
    landing.time += 100
    assert landing.look(at_rest_seconds=60) == ["a4.csv"]
    assert landing.zone.given == ["a4.csv", "a5.csv"]


def test_a_late_file_that_is_still_being_written_when_it_is_found_is_not_passed_over(
    landing: Landing,
) -> None:
    landing.time += 24 * HOUR
    landing.put("a0.csv", seconds_ago=1)
    landing.put("a3.csv")
    assert landing.look(at_rest_seconds=60) == ["a3.csv"]
    landing.time += 100
    assert landing.look(at_rest_seconds=60) == ["a0.csv"]


def test_rejected_files_are_looked_at_again_after_a_correction(landing: Landing) -> None:
    landing.put("a3.csv", "id;note\n1;x\n")
    landing.put("a4.csv", "no\n1\n")
    assert landing.look() == ["a3.csv!", "a4.csv!"]
    assert landing.look(delimiter=";") == ["a3.csv"]
    assert landing.zone.given == []
    assert landing.look(delimiter=";") == []


def test_an_unreadable_file_is_taken_when_it_opens(landing: Landing, monkeypatch: pytest.MonkeyPatch) -> None:
    landing.put("a3.csv")

    def refuse(zone: Zone, file: object) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(Zone, "open", refuse)
        assert landing.look() == ["a3.csv!"]
    landing.put("a4.csv")
    assert landing.look() == ["a3.csv", "a4.csv"]


def test_the_mark_is_kept_when_the_history_is_condensed(landing: Landing) -> None:
    seen = SeenFiles(SeenFiles(None, landing.history).condensed(), [])
    assert seen.mark == SeenFiles(None, landing.history).mark
    assert seen.mark is not None
    assert seen.mark.through == f"{landing.folder}/a2.csv"


def test_a_store_is_asked_only_for_what_comes_after() -> None:
    asked: list[str] = []

    class Store(MemoryStorageService):
        def list(self, prefix: str = "", *, start_after: str = "") -> Iterator[ObjectStat]:
            asked.append(start_after)
            return super().list(prefix, start_after=start_after)

    store = Store()
    for name in ("in/a.csv", "in/b.csv", "in/c.csv"):
        store.write(name, b"id\n1\n")
    zone = StoredLandingZone(store, "in/*.csv")
    (listing,) = zone.listed(after=store.uri("in/a.csv"))
    assert listing.paths == [store.uri("in/b.csv"), store.uri("in/c.csv")]
    assert asked == ["in/a.csv"]


@pytest.mark.parametrize(
    ("after", "names"),
    [
        ("", ["1/x.csv", "1a/x.csv", "2/a.csv", "2/x.csv"]),
        ("1/x.csv", ["1a/x.csv", "2/a.csv", "2/x.csv"]),
        ("1a", ["1a/x.csv", "2/a.csv", "2/x.csv"]),
        ("1/~", ["1a/x.csv", "2/a.csv", "2/x.csv"]),
        ("0/x.csv", ["1/x.csv", "1a/x.csv", "2/a.csv", "2/x.csv"]),
        ("2/a.csv", ["2/x.csv"]),
        ("2/x.csv", []),
        ("3", []),
    ],
)
def test_a_listing_of_several_folders_starts_in_the_right_one(
    tmp_path: Path, after: str, names: list[str]
) -> None:
    for name in ("2/x.csv", "2/a.csv", "1/x.csv", "1a/x.csv", "1/y.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    zone = LocalLandingZone(f"{tmp_path}/*/*.csv")
    found = [path for listing in zone.listed(after=after and f"{tmp_path}/{after}") for path in listing.paths]
    assert found == [f"{tmp_path}/{name}" for name in names]


def test_a_batch_whose_file_went_says_how_far_the_listing_was(landing: Landing) -> None:
    landing.put("a3.csv")
    assert landing.look() == ["a3.csv"]
    (landing.folder / "a3.csv").unlink()
    tracker = FileTracker(zone=landing.zone, file_format=CsvFormat(columns=("id",)), names_grow=True)
    found = tracker.recheck(FileInputs.of(landing.history[-1]), reading_again=False)
    landing.history[-1] = found.as_json()
    landing.put("a3.csv")
    landing.put("a4.csv")
    assert landing.look() == ["a3.csv", "a4.csv"]
    assert landing.zone.given == ["a4.csv"]
