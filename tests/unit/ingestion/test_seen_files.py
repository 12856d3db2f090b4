"""Files as batches named them, in columns: condensed or not, they say the same."""

from __future__ import annotations

import random
from typing import Any

import pytest

from lakehouse.ingestion import FileInputs, SeenFiles, TrackedFile, seen_files


def tracked(path: str, number: int, **more: Any) -> TrackedFile:
    return TrackedFile(path=path, size_bytes=number, modified_ms=number, digest=f"d{number}", **more)


def inputs(*files: TrackedFile) -> dict[str, Any]:
    return FileInputs(files=files).as_json()


@pytest.fixture(autouse=True)
def small_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seen_files, "_GROUP_ROWS", 4)


def test_each_path_s_files_come_in_the_order_of_the_batches_however_often_they_are_condensed() -> None:
    chance = random.Random(7)
    by_path: dict[str, list[int]] = {}
    body, since = None, []
    for number in range(300):
        path = f"/in/{chance.randrange(40):02}.csv"
        since.append(inputs(tracked(path, number)))
        by_path.setdefault(path, []).append(number)
        if chance.random() < 0.2:
            body, since = SeenFiles(body, since).condensed(), []
    seen = SeenFiles(body, since)
    for path, numbers in by_path.items():
        assert [file.size_bytes for file in seen.of_path(path)] == numbers
    assert list(seen.of_path("/in/none.csv")) == []
    rows = seen.between("/in/10.csv", "/in/19.csv")
    assert sorted(rows["size_bytes"].to_pylist()) == sorted(
        number for path, numbers in by_path.items() if "/in/10" <= path <= "/in/19.csv" for number in numbers
    )


def test_what_was_found_again_is_kept_once_at_its_last_place() -> None:
    first, other = tracked("/in/a.csv", 1, reason="r"), tracked("/in/a.csv", 2)
    seen = SeenFiles(
        SeenFiles(None, [inputs(first), inputs(other), inputs(first), inputs(first)]).condensed(), []
    )
    assert list(seen.of_path("/in/a.csv")) == [other, first]


def test_nothing_seen_is_condensed_to_nothing() -> None:
    seen = SeenFiles(SeenFiles(None, []).condensed(), [])
    assert seen.between("", "~").num_rows == 0
    assert list(seen.rejected()) == [] or all(rows.num_rows == 0 for rows in seen.rejected())


def test_paths_in_any_script_are_found() -> None:
    paths = ["/in/a.csv", "/in/ä.csv", "/in/z.csv", "/in/日本.csv", "/in/🙂.csv"]
    seen = SeenFiles(SeenFiles(None, [inputs(*(tracked(path, 1) for path in paths))]).condensed(), [])
    assert [len(list(seen.of_path(path))) for path in paths] == [1] * 5


def test_only_groups_with_reasons_are_read_for_them() -> None:
    files = [tracked(f"/in/{number:02}.csv", number) for number in range(40)]
    files[25] = tracked("/in/25.csv", 25, reason="r", declaration="d")
    body = SeenFiles(None, [inputs(*files)]).condensed()
    seen = SeenFiles(body, [])
    assert [path for rows in seen.rejected() for path in rows["path"].to_pylist()] == ["/in/25.csv"]
    assert len(list(seen._groups_with_reasons())) == 1
