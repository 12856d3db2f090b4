"""Which files are taken: deep patterns, bounds, manifests, values in paths; and what becomes of them afterwards."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.ingestion import (
    CsvFormat,
    FileChoice,
    FileFormat,
    FileInputs,
    FileTracker,
    JsonLinesFormat,
    LandingZone,
    LocalLandingZone,
    ManifestZone,
    SchemaChangedError,
    SchemaChanges,
    SeenFiles,
    StoredLandingZone,
    TrackedFile,
    clear_away,
    landing_zone,
    path_matcher,
    path_values,
)
from lakehouse.storage import MemoryStorageService, register_scheme, schemes

NOTHING_SEEN = SeenFiles(None, ())


def make(folder: Path, *names: str, body: str = "id\n1\n") -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(body)
        os.utime(folder / name, (1e9, 1e9))


def local(folder: Path, names: list[str], pattern: str) -> LandingZone:
    make(folder, *names)
    return LocalLandingZone(f"{folder}/{pattern}")


def stored(folder: Path, names: list[str], pattern: str) -> LandingZone:
    store = MemoryStorageService()
    for name in names:
        store.write(f"in/{name}", b"id\n1\n")
    return StoredLandingZone(store, f"in/{pattern}")


NAMES = [
    "a.csv",
    "b/c.csv",
    "b-c.csv",
    "b/d/e.csv",
    "b/d/e.txt",
    "b/_x/f.csv",
    ".g/h.csv",
    "i/_j.csv",
    "b.csv/k.csv",
]


@pytest.mark.parametrize("zone_of", [local, stored])
@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("**/*.csv", ["a.csv", "b-c.csv", "b.csv/k.csv", "b/c.csv", "b/d/e.csv"]),
        ("b/**/*.csv", ["b/c.csv", "b/d/e.csv"]),
        ("**/d/*", ["b/d/e.csv", "b/d/e.txt"]),
        ("**", ["a.csv", "b-c.csv", "b.csv/k.csv", "b/c.csv", "b/d/e.csv", "b/d/e.txt"]),
    ],
)
def test_two_stars_stand_for_any_folders(
    tmp_path: Path,
    zone_of: Callable[[Path, list[str], str], LandingZone],
    pattern: str,
    expected: list[str],
) -> None:
    zone = zone_of(tmp_path, NAMES, pattern)
    found = [file.path for file in zone.files()]
    ends = sorted(expected)
    assert [next(end for end in ends if path.endswith(f"/{end}")) for path in found] == ends
    assert found == sorted(found)
    for start in found:
        later = [file.path for listing in zone.listed(after=start) for file in listing]
        assert later == [path for path in found if path > start]


@given(
    st.lists(st.sampled_from(["a", "b", "*", "**", "?"]), min_size=1, max_size=4),
    st.lists(st.sampled_from("ab"), min_size=1, max_size=5),
)
def test_a_pattern_matches_as_its_parts_do(pattern: list[str], path: list[str]) -> None:
    def matches(wanted: list[str], parts: list[str]) -> bool:
        if not wanted:
            return not parts
        if wanted[0] == "**":
            if len(wanted) == 1:
                return bool(parts)
            return any(matches(wanted[1:], parts[at:]) for at in range(len(parts) + 1))
        return bool(parts) and wanted[0] in ("*", "?", parts[0]) and matches(wanted[1:], parts[1:])

    assert (path_matcher("/".join(pattern)).match("/".join(path)) is not None) is matches(pattern, path)


def test_values_of_folders_are_decoded() -> None:
    path = "/in/day=2011-01-04/shop=a%3Ab+c/x=__HIVE_DEFAULT_PARTITION__/day=5.csv"
    assert path_values(path, ["day", "shop", "x", "y"]) == {"day": "2011-01-04", "shop": "a:b+c", "x": None}


def test_a_file_whose_path_has_no_value_is_set_aside(tmp_path: Path) -> None:
    make(tmp_path, "day=1/a.csv", "day/b.csv")
    tracker = tracker_of(tmp_path, "**/*.csv", FileChoice(path_columns=("day",)))
    found = tracker.inspected(tracker.candidates(NOTHING_SEEN), NOTHING_SEEN)
    assert found is not None
    reasons = {file.path.removeprefix(f"{tmp_path}/"): file.reason for file in found.files}
    assert reasons == {"day=1/a.csv": None, "day/b.csv": "no folder in its path is day=…"}


def tracker_of(folder: Path, pattern: str, choice: FileChoice) -> FileTracker:
    return FileTracker(
        zone=LocalLandingZone(f"{folder}/{pattern}"),
        file_format=CsvFormat(columns=("id",)),
        choice=choice,
        clock=lambda: 4e9,
    )


@pytest.mark.parametrize("names_grow", [False, True])
def test_a_batch_has_a_bound_and_the_next_goes_on(tmp_path: Path, names_grow: bool) -> None:
    make(tmp_path, *(f"{number}.csv" for number in range(5)))
    tracker = FileTracker(
        zone=LocalLandingZone(f"{tmp_path}/*.csv"),
        file_format=CsvFormat(columns=("id",)),
        choice=FileChoice(max_files=2),
        names_grow=names_grow,
        clock=lambda: 4e9,
    )
    batches: list[FileInputs] = []
    while True:
        seen = SeenFiles(None, [batch.as_json() for batch in batches])
        found = tracker.inspected(tracker.candidates(seen), seen)
        if found is None:
            break
        batches.append(found)
    assert [[Path(file.path).name for file in batch.files] for batch in batches] == [
        ["0.csv", "1.csv"],
        ["2.csv", "3.csv"],
        ["4.csv"],
    ]


def test_files_without_news_keep_none_behind_them_from_being_taken(tmp_path: Path) -> None:
    make(tmp_path, "0.csv", "1.csv")
    tracker = FileTracker(
        zone=LocalLandingZone(f"{tmp_path}/*.csv"),
        file_format=CsvFormat(columns=("id",)),
        choice=FileChoice(max_files=1),
        clock=lambda: 4e9,
    )
    batches: list[FileInputs] = []

    def inspected() -> FileInputs | None:
        seen = SeenFiles(None, [batch.as_json() for batch in batches])
        return tracker.inspected(tracker.candidates(seen), seen)

    while (found := inspected()) is not None:
        batches.append(found)
    for name in ("0.csv", "1.csv"):
        os.utime(tmp_path / name, (2e9, 2e9))  # touched, with the same content
    make(tmp_path, "2.csv", "3.csv")
    found = inspected()
    assert found is not None
    assert [(Path(file.path).name, file.repeats) for file in found.files] == [
        ("0.csv", True),
        ("1.csv", True),
        ("2.csv", False),
    ]


def test_bytes_bound_a_batch_and_one_file_is_always_taken(tmp_path: Path) -> None:
    zone = local(tmp_path, ["a", "b", "c"], "*")
    assert [file.path[-1] for file in FileChoice(max_bytes=10).first(zone.files())] == ["a", "b"]
    assert [file.path[-1] for file in FileChoice(max_bytes=1).first(zone.files())] == ["a"]


def test_files_are_chosen_by_when_they_were_changed(tmp_path: Path) -> None:
    make(tmp_path, "old.csv", "new.csv")
    moment = dt.datetime(2011, 1, 4, tzinfo=dt.UTC).timestamp()
    os.utime(tmp_path / "new.csv", (moment, moment))
    for choice, expected in (
        (FileChoice(modified_after="2011-01-03T00:00:00Z"), ["new.csv"]),
        (FileChoice(modified_before="2011-01-04T00:00:00"), ["old.csv"]),
        (FileChoice(modified_after="2011-01-04T00:00:00"), []),
    ):
        found = tracker_of(tmp_path, "*.csv", choice).candidates(NOTHING_SEEN).files
        assert [Path(file.path).name for file in found] == expected
    problems = FileChoice(modified_after="soon", max_files=0).problems()
    assert [str(each).partition(".")[0] for each in problems] == [
        "modified_after is 'soon', which is no time",
        "max_files is 0",
    ]


def test_a_manifest_names_the_files(tmp_path: Path) -> None:
    make(tmp_path, "data/a.csv", "data/b.csv", "data/c.csv", "data/d.csv")
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "1.txt").write_text("# today\n../data/a.csv\n\nmissing.csv\n")
    (tmp_path / "lists" / "2.json").write_text(json.dumps({"path": f"{tmp_path}/data/c.csv"}) + "\n{")
    zone = ManifestZone(landing_zone(f"{tmp_path}/lists/*"))
    files = {file.path.removeprefix(f"{tmp_path}/"): file.fault for file in zone.files()}
    assert files == {
        "data/c.csv": None,
        "lists/../data/a.csv": None,
        "lists/missing.csv": "a manifest names it, and it is not there",
    }
    with zone.open(zone.files()[0]) as stream:
        assert stream.read() == b"id\n1\n"


def test_a_notification_of_a_store_names_its_object(tmp_path: Path) -> None:
    record = {"s3": {"bucket": {"name": "b"}, "object": {"key": "in/a+b%2Bc.csv"}}}
    (tmp_path / "n.json").write_text(json.dumps({"Records": [record, {"other": 1}]}))
    zone = ManifestZone(landing_zone(f"{tmp_path}/n.json"))
    assert list(zone._named(zone._manifests.files()[0])) == ["s3://b/in/a b+c.csv"]


def tracked(path: Path, digest: str = "d" * 32) -> TrackedFile:
    status = path.stat()
    return TrackedFile(
        path=str(path),
        size_bytes=status.st_size,
        modified_ms=status.st_mtime_ns // 1_000_000,
        digest=digest,
    )


def test_files_are_moved_or_deleted_only_as_they_were_taken(tmp_path: Path) -> None:
    make(tmp_path, "in/a.csv", "in/b.csv", "in/c.csv", "done/a.csv")
    zone = LocalLandingZone(f"{tmp_path}/in/*.csv")
    taken = [tracked(tmp_path / "in" / name) for name in ("a.csv", "b.csv", "c.csv")]
    (tmp_path / "in/b.csv").write_text("id\n1\n2\n")
    assert clear_away(zone, taken, policy=f"{tmp_path}/done/") == 2
    assert sorted(path.name for path in (tmp_path / "in").iterdir()) == ["b.csv"]
    assert sorted(path.name for path in (tmp_path / "done").iterdir()) == [
        "a.csv",
        "c.csv",
        "dddddddddddd-a.csv",
    ]
    assert clear_away(zone, [tracked(tmp_path / "in/b.csv")], policy="delete") == 1
    assert clear_away(zone, taken, policy="delete") == 0


def test_an_archive_in_a_store_keeps_both_files_of_one_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schemes, "_FACTORIES", dict(schemes._FACTORIES))
    archive = MemoryStorageService()
    register_scheme("probe", lambda location, settings: archive)
    for day in ("1", "2"):
        make(tmp_path, f"in/{day}/a.csv", body=day)
    zone = LocalLandingZone(f"{tmp_path}/in/*/a.csv")
    taken = [tracked(tmp_path / "in" / day / "a.csv", digest=day * 32) for day in ("1", "2")]
    assert clear_away(zone, taken, policy="probe://bucket/done") == 2
    assert sorted(archive.read(stat.key) for stat in archive.list()) == [b"1", b"2"]
    assert not zone.files()


def found(*paths: str, **facts: object) -> FileInputs:
    return FileInputs(
        files=tuple(
            TrackedFile(path=path, size_bytes=1, modified_ms=1, digest="d", facts=dict(facts))
            for path in paths
        )
    )


DECLARED: list[FileFormat] = [CsvFormat(columns=("id",)), JsonLinesFormat(columns=("id",))]


def test_new_columns_evolve_and_stay_with_the_batches() -> None:
    changes, (csv, lines) = SchemaChanges(mode="evolve"), DECLARED
    first = changes.decided(found("a", columns={"n": "bigint", "ID": "string"}), None, lines)
    assert first.columns == {"n": "bigint"}
    second = changes.decided(found("b", columns={"n": "string", "m": "double"}), first, lines)
    assert second.columns == {"n": "bigint", "m": "double"}, "no table widens a number to a text"
    assert FileInputs.of(second.as_json()) == second
    assert changes.to_read(second, lines).schema().names[:3] == ["id", "n", "m"]
    assert changes.decided(found("a", header=["x", "id"]), None, csv).columns == {"x": "string"}


def test_columns_are_inferred_once() -> None:
    changes, lines = SchemaChanges(infer=True), DECLARED[1]
    first = changes.decided(found("a", columns={"n": "bigint"}), None, lines)
    later = changes.decided(found("b", columns={"m": "bigint"}), first, lines)
    assert (first.columns, later.columns) == ({"n": "bigint"}, {"n": "bigint"})


def test_new_columns_fail_or_are_left_out() -> None:
    lines = DECLARED[1]
    inputs = found("a", columns={"n": "bigint", "N": "string"})
    with pytest.raises(SchemaChangedError, match=r"'a' has other columns .* \(new: n bigint, N string\)"):
        SchemaChanges(mode="fail").decided(inputs, None, lines)
    ignoring = SchemaChanges(mode="ignore")
    assert ignoring.ignored(ignoring.decided(inputs, None, lines), lines) == ["n"]
    assert SchemaChanges().decided(inputs, None, lines) == inputs
    assert "use one of rescue, evolve" in str(SchemaChanges(mode="x").problems()[0])  # type: ignore[arg-type]
