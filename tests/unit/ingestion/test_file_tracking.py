"""Each file is taken once, whatever happened to it before: its whole history counts."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lakehouse.ingestion import CsvFormat, FileInputs, FileTracker, LocalLandingZone, SeenFiles

OLD = 1_000_000.0


class Landing:
    """A folder, the batches over it so far, and a clock."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.history: list[dict[str, Any]] = []
        self.slept: list[float] = []
        self.time = OLD
        self.while_asleep: Callable[[], None] = lambda: None

    def put(self, name: str, text: str, *, at: float | None = None) -> Path:
        path = self.folder / name
        path.write_text(text)
        self.time += 10
        os.utime(path, (at or self.time, at or self.time))
        self.time += 10
        return path

    def tracker(
        self, *columns: str, at_rest_seconds: float | None = None, delimiter: str = ",", **options: Any
    ) -> FileTracker:
        return FileTracker(
            zone=LocalLandingZone(f"{self.folder}/*.csv"),
            file_format=CsvFormat(columns=columns or ("id",), delimiter=delimiter),
            at_rest_seconds=at_rest_seconds,
            **options,
            clock=lambda: self.time,
            sleep=self.sleep,
        )

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds
        self.while_asleep()

    condensed: bytes | None = None

    def seen_reason(self, name: str) -> str | None:
        """Return what was said of a file that was set aside last."""
        found = [
            file["reason"]
            for inputs in self.history
            for file in inputs["files"]
            if file.get("reason") and file["path"].endswith(f"/{name}")
        ]
        return str(found[-1]) if found else None

    def seen(self) -> SeenFiles:
        return SeenFiles(self.condensed, self.history, root=str(self.folder))

    def look(self, *columns: str, **options: Any) -> dict[str, str | None] | None:
        """Decide a batch; return its news, path to reason (None: taken). None when there is no batch."""
        tracker = self.tracker(*columns, **options)
        seen = self.seen()
        inputs = tracker.inspected(tracker.candidates(seen), seen)
        if inputs is None:
            return None
        self.history.append(inputs.as_json())
        return {Path(file.path).name: file.reason for file in inputs.new()}


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    return Landing(tmp_path)


TAKEN_BEFORE = "it was taken before, with other content"


def test_a_growing_file_is_taken_once_and_each_growth_is_set_aside(landing: Landing) -> None:
    found = []
    for rows in range(1, 6):
        landing.put("a.csv", "id\n" + "1\n" * rows)
        found.append(landing.look())
    assert found == [{"a.csv": None}, *[{"a.csv": TAKEN_BEFORE}] * 4]


def test_a_file_that_is_restored_is_the_one_that_was_taken(landing: Landing) -> None:
    landing.put("a.csv", "id\n1\n")
    landing.look()
    landing.put("a.csv", "id\n2\n")
    landing.look()
    landing.put("a.csv", "id\n1\n")
    assert landing.look() is None
    landing.put("a.csv", "id\n2\n")
    assert landing.look() is None
    landing.put("a.csv", "id\n3\n")
    assert landing.look() == {"a.csv": TAKEN_BEFORE}


def test_a_rejected_file_is_looked_at_again_when_its_declaration_changes(landing: Landing) -> None:
    landing.put("a.csv", "id;note\n1;x\n")
    assert landing.look("id", "note") == {"a.csv": "its delimiter seems to be ';', expected ','"}
    assert landing.tracker("id", "note").candidates(landing.seen()).files == ()
    assert landing.look("id", "note", delimiter=";") == {"a.csv": None}
    assert landing.look("id", "note", delimiter=";") is None


def test_a_taken_file_stays_taken_when_its_declaration_changes(landing: Landing) -> None:
    path = landing.put("a.csv", "id\n1\n")
    landing.look()
    assert landing.tracker("id", "note").candidates(landing.seen()).files == ()
    path.touch()
    assert landing.look("id", "note") is None


def test_a_file_that_is_rejected_again_for_the_same_reason_is_set_aside_once(landing: Landing) -> None:
    landing.put("a.csv", "no\n1\n")
    assert landing.look("id") == {"a.csv": "its header lacks 'id'"}
    assert landing.look("id", delimiter=";") is None
    landing.put("b.csv", "id\n1\n")
    assert landing.look("id", delimiter=";") == {"b.csv": None}
    assert landing.tracker("id", delimiter=";").candidates(landing.seen()).files == ()


def test_a_file_that_is_only_touched_is_remembered_with_the_next_batch(landing: Landing) -> None:
    path = landing.put("a.csv", "id\n1\n")
    landing.look()
    os.utime(path, (OLD - 1, OLD - 1))
    assert landing.look() is None
    landing.put("b.csv", "id\n1\n")
    assert landing.look() == {"b.csv": None}
    assert landing.tracker().candidates(landing.seen()).files == ()


def test_a_file_without_permission_is_set_aside_once_and_taken_when_it_opens(
    landing: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    landing.put("a.csv", "id\n1\n")

    def refuse(zone: LocalLandingZone, file: object) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(LocalLandingZone, "open", refuse)
        assert landing.look() == {"a.csv": "it can't be read (Permission denied)"}
        assert landing.look() is None
    assert landing.look() == {"a.csv": None}


def test_a_file_that_goes_before_it_is_read_is_no_input(landing: Landing) -> None:
    path = landing.put("a.csv", "id\n1\n")
    tracker = landing.tracker()
    candidates = tracker.candidates(landing.seen())
    path.unlink()
    assert tracker.inspected(candidates, landing.seen()) is None


# Files that are still being written


def test_an_old_file_is_not_waited_for(landing: Landing) -> None:
    landing.put("a.csv", "id\n1\n")
    assert landing.look() == {"a.csv": None}
    assert landing.slept == []


def test_a_fresh_file_is_looked_at_twice_and_taken_when_it_rests(landing: Landing) -> None:
    landing.put("a.csv", "id\n1\n", at=OLD + 20)
    assert landing.time == OLD + 20
    assert landing.look() == {"a.csv": None}
    assert landing.slept == [pytest.approx(0.2)]


def test_a_file_that_grows_meanwhile_is_left_for_later_and_the_others_go_on(landing: Landing) -> None:
    path = landing.put("slow.csv", "id\n1\n", at=OLD + 40)
    landing.put("b.csv", "id\n9\n")
    landing.time = OLD + 40
    landing.while_asleep = lambda: landing.put("slow.csv", "id\n1\n2\n") and None
    assert landing.look() == {"b.csv": None}
    landing.while_asleep = lambda: None
    assert landing.look() == {"slow.csv": None}
    assert path.read_text() == "id\n1\n2\n"


def test_a_declared_rest_is_not_waited_for_in_a_run(landing: Landing) -> None:
    landing.put("a.csv", "id\n1\n")
    assert landing.look(at_rest_seconds=300) is None
    assert landing.slept == []
    landing.time += 300
    assert landing.look(at_rest_seconds=300) == {"a.csv": None}


def test_a_time_far_ahead_is_no_reason_to_wait(landing: Landing) -> None:
    landing.put("a.csv", "id\n1\n", at=OLD + 86_400)
    assert landing.look() == {"a.csv": None}


# Files that change after a batch named them


def decided(landing: Landing) -> FileInputs:
    for name in ("a.csv", "b.csv"):
        landing.put(name, "id\n1\n")
    landing.put("bad.csv", "no\n")
    landing.look()
    return FileInputs.of(landing.history[-1])


def news(inputs: FileInputs) -> dict[str, str | None]:
    return {Path(file.path).name: file.reason for file in inputs.files}


BAD = {"bad.csv": "its header lacks 'id'"}
GONE = "it was gone before its rows were written"


def test_a_batch_stays_as_it_is_when_all_is_as_it_was(landing: Landing) -> None:
    inputs = decided(landing)
    for reading_again in (False, True):
        assert landing.tracker().recheck(inputs, reading_again=reading_again) == inputs


def test_a_changed_or_missing_file_is_rejected_with_its_reason_and_the_rest_stays(landing: Landing) -> None:
    inputs = decided(landing)
    landing.put("a.csv", "id\n1\n2\n")
    changed = "it changed before its rows were written (it had 5 bytes, and has 7)"
    found = landing.tracker().recheck(inputs, reading_again=False)
    assert news(found) == {"a.csv": changed, "b.csv": None, **BAD}
    (landing.folder / "a.csv").unlink()
    found = landing.tracker().recheck(inputs, reading_again=False)
    assert news(found) == {"a.csv": GONE, "b.csv": None, **BAD}


def test_another_content_of_the_same_size_and_time_is_found_when_a_batch_is_read_again(
    landing: Landing,
) -> None:
    inputs = decided(landing)
    path = landing.folder / "a.csv"
    status = path.stat()
    path.write_text("id\n2\n")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    changed = "it changed before its rows were written (size and time are the same)"
    found = landing.tracker().recheck(inputs, reading_again=True)
    assert news(found) == {"a.csv": changed, "b.csv": None, **BAD}


@pytest.mark.parametrize("text", ["id\n1\n", "id\n1\n2\n"])
def test_a_file_that_went_is_taken_when_it_lies_there_again(landing: Landing, text: str) -> None:
    inputs = decided(landing)
    (landing.folder / "a.csv").unlink()
    landing.history = [landing.tracker().recheck(inputs, reading_again=False).as_json()]
    assert landing.look() is None
    landing.put("a.csv", text)
    assert landing.look() == {"a.csv": None}
    assert landing.look() is None


def test_a_released_file_comes_in_the_place_of_its_earlier_content(landing: Landing) -> None:
    landing.put("a.csv", "id\n1\n")
    landing.look()
    path = str(landing.put("a.csv", "id\n2\n"))
    assert landing.look() == {"a.csv": "it was taken before, with other content"}
    assert landing.look() is None
    refused = landing.look(released={path})
    assert refused is not None
    assert str(refused["a.csv"]).startswith("it was taken before, with other content; its rows of then")
    assert landing.look(released={path}, gives_way=True) == {"a.csv": None}
    assert [file["path"] for file in landing.history[-1]["files"] if file.get("replaces")] == [path]
    assert landing.look(released={path}, gives_way=True) is None, "this content is taken: nothing is doubled"


def test_a_released_file_that_is_still_bad_is_set_aside_again_with_its_reason(landing: Landing) -> None:
    path = str(landing.put("a.csv", "other\n1\n"))
    first = landing.look()
    assert first is not None
    assert landing.look() is None
    assert landing.look(released={path}, gives_way=True) == first


def test_files_that_were_taken_and_are_gone_are_named(landing: Landing) -> None:
    gone, _, bad = (
        landing.put(f"{name}.csv", text)
        for name, text in zip("abc", ("id\n1\n", "id\n2\n", "x\n"), strict=True)
    )
    landing.look()
    gone.unlink()
    bad.unlink()
    assert landing.tracker().lost(landing.seen()) == [str(gone)]


@pytest.mark.parametrize("is_condensed", [False, True])
def test_a_moved_or_copied_landing_zone_gives_no_file_twice(tmp_path: Path, is_condensed: bool) -> None:
    first = Landing(tmp_path / "first")
    first.folder.mkdir()
    first.put("a.csv", "id\n1\n")
    first.put("bad.csv", "wrong\n1\n")
    assert first.look() == {"a.csv": None, "bad.csv": first.seen_reason("bad.csv")}

    copy = Landing(tmp_path / "somewhere" / "else")
    shutil.copytree(first.folder, copy.folder)  # with the times of its files
    copy.history, copy.time = first.history, first.time
    if is_condensed:
        copy.condensed = SeenFiles(None, first.history, root=str(first.folder)).condensed()
        copy.history = []
    assert copy.look() is None
    copy.put("b.csv", "id\n2\n")
    assert copy.look() == {"b.csv": None}
    copy.put("a.csv", "id\n3\n")
    assert copy.look() == {"a.csv": TAKEN_BEFORE}


def test_a_pattern_that_reaches_further_gives_no_file_twice(tmp_path: Path) -> None:
    landing = Landing(tmp_path / "data" / "orders")
    landing.folder.mkdir(parents=True)
    landing.put("a.csv", "id\n1\n")
    landing.look()
    wide = FileTracker(
        zone=LocalLandingZone(f"{tmp_path}/data/*/*.csv"),
        file_format=CsvFormat(columns=("id",)),
        clock=lambda: landing.time,
        sleep=landing.sleep,
    )
    seen = SeenFiles(None, landing.history, root=wide.zone.root)
    assert wide.candidates(seen).files == ()


def test_a_file_that_may_change_is_taken_again_each_time_it_is_another(landing: Landing) -> None:
    contents = ["id\n1\n", "id\n2\n", "id\n1\n", "id\n1\n", "wrong\n", "id\n1\n"]
    found = []
    for content in contents:
        landing.put("a.csv", content)
        found.append(landing.look(on_rewritten="replace", gives_way=True))
    reason = landing.seen_reason("a.csv")
    # The same content again is no news, and what can't be read leaves the rows of before.
    assert found == [{"a.csv": None}, {"a.csv": None}, {"a.csv": None}, None, {"a.csv": reason}, None]
    assert reason is not None
    assert "taken before" not in reason
    replaces = [file.get("replaces", False) for inputs in landing.history for file in inputs["files"]]
    assert replaces == [False, True, True, False, False, False][: len(replaces)]


def test_a_file_that_gets_an_old_content_with_its_old_time_is_noticed(landing: Landing) -> None:
    landing.put("a.csv", "id\n1\n", at=OLD)
    assert landing.look(on_rewritten="replace", gives_way=True) == {"a.csv": None}
    landing.put("a.csv", "id\n2\n")
    assert landing.look(on_rewritten="replace", gives_way=True) == {"a.csv": None}
    landing.put("a.csv", "id\n1\n", at=OLD)
    assert landing.look(on_rewritten="replace", gives_way=True) == {"a.csv": None}
