"""Files are landed without Spark: each once, whatever happens in between, and bad ones set aside."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lakehouse.cli import main
from lakehouse.ingestion import JsonLinesFormat
from lakehouse.pipelines import (
    Batch,
    DeclarativePipelineBuilder,
    Failed,
    NothingNew,
    NotLandableError,
    PipelineFactory,
    Rebuilt,
    RefreshContext,
    Refreshed,
    StagedBatch,
    TablePipeline,
    Take,
    UnknownSelectionError,
    batch_states,
    from_files,
    land,
    read,
    release_files,
)
from lakehouse.pipelines.landing.landing_pipeline import LandingPipeline
from lakehouse.pipelines.open_events.outbox import flush_outboxes
from lakehouse.storage import MemoryStorageService, register_scheme
from lakehouse.storage.schemes import _FACTORIES
from lakehouse.tables import StagedRows, SupersededWriteError
from tests.stopping import StopAfter
from tests.unit.pipelines.landing.deadly_format import DeadlyFormat
from tests.unit.pipelines.landing.landing_place import LINES, Place, only, put


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.mark.parametrize("processes", [1, 2])
def test_each_file_is_landed_once_and_a_bad_one_set_aside(place: Place, processes: int) -> None:
    put(place.landing / "a", 1, 2)
    put(place.landing / "b", 3, "x")
    (place.landing / "bad").write_bytes(b"\xff")
    os.utime(place.landing / "bad", (1e9, 1e9))
    (refresh,) = only(place.land(processes=processes), Refreshed).refreshes
    assert (refresh.tally.written, refresh.details) == (4, {"files": 2, "files_rejected": 1})
    assert place.ids() == [1, 2, 3, None]
    rows = {row["id"]: row for row in place.rows()}
    assert json.loads(rows[None]["_rescued_data"]) == {"id": "x"}
    assert rows[1]["_source_file"] == f"file:{place.landing}/a"
    assert rows[1]["_ingested_at"].isoformat() == refresh.batch.planned_at
    assert "it is not UTF-8" in place.set_aside()["bad"]
    only(place.land(), NothingNew)
    put(place.landing / "c", 4)
    only(place.land(), Refreshed)
    assert place.ids() == [1, 2, 3, 4, None]
    staging = Path(place.warehouse.path_of("bronze", "raw")) / "_lakehouse_staging"
    assert list(staging.iterdir()) == []


def test_a_landing_is_told_to_whom_the_environment_names(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events, metrics = tmp_path / "events.jsonl", tmp_path / "landing.prom"
    monkeypatch.setenv("OPENLINEAGE__TRANSPORT__TYPE", "file")
    monkeypatch.setenv("OPENLINEAGE__TRANSPORT__LOG_FILE_PATH", str(events))
    monkeypatch.setenv("LAKEHOUSE_PROMETHEUS_FILE", str(metrics))
    result = place.land()
    flush_outboxes()
    told = [json.loads(line) for line in events.read_text().splitlines()]
    assert [event["eventType"] for event in told] == ["START", "START", "COMPLETE", "COMPLETE"]
    (table,) = result.outcomes
    assert f'table="{table}"' in metrics.read_text()


def test_a_file_that_was_only_touched_is_not_landed_again_beside_a_new_one(place: Place) -> None:
    put(place.landing / "a", 1)
    only(place.land(), Refreshed)
    os.utime(place.landing / "a", (1.1e9, 1.1e9))
    put(place.landing / "b", 2)
    only(place.land(), Refreshed)
    assert place.ids() == [1, 2]


@pytest.mark.parametrize("step", ["batch", "quarantine", "publish"])
def test_a_stopped_landing_is_finished_by_the_next_one(place: Place, step: str) -> None:
    put(place.landing / "a", 1)
    (place.landing / "bad").write_bytes(b"\xff")
    os.utime(place.landing / "bad", (1e9, 1e9))
    with pytest.raises(KeyboardInterrupt):
        place.land(listener=StopAfter(step, error=KeyboardInterrupt))
    put(place.landing / "b", 2)
    only(place.land(), Refreshed)
    assert place.ids() == [1, 2]
    assert set(place.set_aside()) == {"bad"}
    assert {state.state for state in batch_states(place.warehouse, "raw")} == {"taken"}


def test_a_file_that_changed_before_a_stopped_landing_is_finished_is_taken_when_it_is_whole(
    place: Place,
) -> None:
    put(place.landing / "a", 1)
    put(place.landing / "b", 2)
    with pytest.raises(KeyboardInterrupt):
        place.land(listener=StopAfter("batch", error=KeyboardInterrupt))
    put(place.landing / "b", 2, 3)
    only(place.land(), Refreshed)
    assert place.ids() == [1, 2, 3]
    assert "it changed before its rows were written" in place.set_aside()["b"]


def test_a_file_that_kills_its_process_is_set_aside_and_the_others_landed(place: Place) -> None:
    for name in ("a", "deadly", "c"):
        put(place.landing / name, 1)
    flow = from_files(f"{place.landing}/*", format=DeadlyFormat(columns={"id": "bigint"}))
    only(place.land(place.pipeline(flow), processes=2), Refreshed)
    assert place.ids() == [1, 1]
    assert place.set_aside() == {"deadly": "it can't be processed: the worker process ended with exit code 9"}


def test_two_landings_at_once_take_each_file_once(place: Place) -> None:
    for number in range(20):
        put(place.landing / f"{number}", number)
    both = [threading.Thread(target=place.land) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    place.land()
    assert place.ids() == sorted(range(20), key=str)


def test_files_that_another_landing_took_and_cleared_away_are_landed(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(place.landing / "a", 1)
    definition = place.pipeline(after_commit="delete")
    writes = LandingPipeline._staged_rows

    def and_meanwhile(self: LandingPipeline, *given: Any) -> StagedRows:
        monkeypatch.setattr(LandingPipeline, "_staged_rows", writes)
        self._landing.parts.clear()  # rows that were not parsed yet
        only(place.land(definition), Refreshed)
        return writes(self, *given)

    monkeypatch.setattr(LandingPipeline, "_staged_rows", and_meanwhile)
    (refresh,) = only(place.land(definition), Refreshed).refreshes
    assert (refresh.tally.written, place.ids(), list(place.landing.iterdir())) == (1, [1], [])


def test_a_landing_that_comes_too_late_leaves_nothing_in_the_quarantine(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(place.landing / "a", 1)
    columns = {"id": "bigint", "units": "bigint"}
    stages = LandingPipeline._staged

    def staged(self: LandingPipeline, batch: Batch) -> StagedBatch:
        if batch.number == 0:
            # Another definition, by which the file is good, decides the batch again and lands it.
            only(
                place.land(place.pipeline(format=JsonLinesFormat(columns=columns, optional=("units",)))),
                Refreshed,
            )
        return stages(self, batch)

    monkeypatch.setattr(LandingPipeline, "_staged", staged)
    late = only(place.land(place.pipeline(format=JsonLinesFormat(columns=columns))), Failed)
    assert isinstance(late.error, SupersededWriteError)
    assert (place.ids(), place.rows("raw_quarantine")) == ([1], [])


def test_a_table_whose_name_another_layer_has_is_landed_under_its_own(place: Place) -> None:
    put(place.landing / "a", 1)
    (place.landing / "bad").write_bytes(b"\xff")
    os.utime(place.landing / "bad", (1e9, 1e9))
    files = from_files(f"{place.landing}/*", format=LINES)
    definition = (
        DeclarativePipelineBuilder("p")
        .bronze("raw", files)
        .silver("raw", read("bronze.raw", incremental=True).append())
        .build()
    )
    with pytest.raises(UnknownSelectionError):
        land(definition, "raw", warehouse=place.warehouse)
    only(land(definition, "bronze.raw", warehouse=place.warehouse, processes=1), Refreshed)
    assert (place.ids(), list(place.set_aside())) == ([1], ["bad"])
    folders = sorted(each.name for each in Path(place.warehouse.path_of("bronze", "")).iterdir())
    assert folders == ["raw", "raw_quarantine"]


def test_values_come_from_folders_and_files_go_to_the_archive_after_the_commit(
    place: Place, tmp_path: Path
) -> None:
    flow = place.pipeline(pattern="**/*.jsonl", path_columns=["day"], after_commit=f"{tmp_path}/done")
    for day in (1, 2):
        put(place.landing / f"day={day}" / "x" / f"{day}.jsonl", day)
    with pytest.raises(KeyboardInterrupt):
        place.land(flow, listener=StopAfter("quarantine", error=KeyboardInterrupt))
    assert len(list(place.landing.rglob("*.jsonl"))) == 2, "nothing goes before its rows are committed"
    only(place.land(flow), Refreshed)
    assert [(row["id"], row["day"]) for row in sorted(place.rows(), key=str)] == [(1, "1"), (2, "2")]
    assert list(place.landing.rglob("*.jsonl")) == []
    assert sorted(file.name for file in (tmp_path / "done").iterdir()) == ["1.jsonl", "2.jsonl"]


def test_files_left_behind_by_a_stop_after_the_commit_go_with_the_next_landing(
    place: Place, tmp_path: Path
) -> None:
    flow = place.pipeline(after_commit="delete")
    put(place.landing / "a", 1)
    with pytest.raises(KeyboardInterrupt):
        place.land(flow, listener=StopAfter("publish", error=KeyboardInterrupt))
    assert (place.landing / "a").exists()
    only(place.land(flow), NothingNew)
    assert not (place.landing / "a").exists()
    assert place.ids() == [1]


class Bucket(MemoryStorageService):
    """A store with a name."""

    def uri(self, key: str = "") -> str:
        return f"lands://bucket/{key}" if key else "lands://bucket"


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> MemoryStorageService:
    service = Bucket()
    monkeypatch.setattr("lakehouse.storage.schemes._FACTORIES", dict(_FACTORIES))
    register_scheme("lands", lambda _location, _settings: service)
    return service


@pytest.mark.parametrize("processes", [1, 2])
def test_files_of_a_store_are_downloaded_and_landed(
    place: Place, store: MemoryStorageService, processes: int
) -> None:
    for number in range(12):
        store.write(f"in/{number}.jsonl", b'{"id": %d}\n' % number)
    flow = from_files("lands://bucket/in/*.jsonl", format=LINES)
    only(place.land(place.pipeline(flow), processes=processes, threads=3), Refreshed)
    assert place.ids() == sorted(range(12), key=str)
    only(place.land(place.pipeline(flow)), NothingNew)


def test_the_first_error_of_a_download_stops_the_landing_with_nothing_visible(
    place: Place, store: MemoryStorageService, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(12):
        store.write(f"in/{number:02}.jsonl", b'{"id": 1}\n')
    whole = MemoryStorageService.stream

    def broken(self: MemoryStorageService, key: str) -> Iterator[bytes]:
        if key.endswith("07.jsonl"):
            raise ConnectionResetError(104, "reset by peer")
        return whole(self, key)

    monkeypatch.setattr(MemoryStorageService, "stream", broken)
    flow = from_files("lands://bucket/in/*.jsonl", format=LINES)
    before = threading.active_count()
    failed = only(place.land(place.pipeline(flow), threads=3), Failed)
    assert "reset by peer" in str(failed.error)
    assert threading.active_count() == before
    assert not Path(place.warehouse.path_of("bronze", "raw"), "_delta_log").exists()
    monkeypatch.undo()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (lambda flow: flow.where("id > 1"), "it has steps or rules"),
        (lambda flow: flow.expect_or_drop("some", "id > 1"), "it has steps or rules"),
        (lambda flow: flow.merge("id"), "its rows are not appended"),
        (lambda flow: read("other", incremental=True).append(), "its rows come from 'other'"),
    ],
)
def test_a_table_that_only_spark_can_refresh_is_refused(place: Place, changed: Any, message: str) -> None:
    flow = changed(from_files(f"{place.landing}/*", format=LINES))
    builder = DeclarativePipelineBuilder("p").bronze("raw", flow)
    builder = builder.bronze("other", from_files(f"{place.landing}/*", format=LINES))
    with pytest.raises(NotLandableError, match=message):
        place.land(builder.build())


def test_a_table_whose_columns_get_new_names_is_left_to_a_run(place: Place) -> None:
    put(place.landing / "a", 1)
    only(place.land(), Refreshed)
    put(place.landing / "b", {"key": 2})
    flow = from_files(f"{place.landing}/*", format=JsonLinesFormat(columns={"key": "bigint"}))
    builder = DeclarativePipelineBuilder("p").bronze(
        "raw", flow.append(evolve_schema=True), renamed={"id": "key"}
    )
    failed = only(place.land(builder.build()), Failed)
    assert isinstance(failed.error, NotLandableError)
    assert "columns of the table get new names first" in str(failed.error)
    assert place.ids() == [1], "no second column stands beside the one with the old name"


def test_a_file_that_comes_again_is_set_aside_or_left_alone_as_it_is_said(place: Place) -> None:
    put(place.landing / "a", 1)
    (place.landing / "bad").write_bytes(b"\xff")
    os.utime(place.landing / "bad", (1e9, 1e9))
    ignoring = place.pipeline(on_rewritten="ignore")
    only(place.land(ignoring), Refreshed)
    put(place.landing / "a", 1, 2)
    only(place.land(ignoring), NothingNew)
    put(place.landing / "bad", 3, 4)
    put(place.landing / "c", 5)
    only(place.land(ignoring), Refreshed)
    assert (place.ids(), list(place.set_aside())) == ([1, 3, 4, 5], ["bad"]), "what was never taken may come"
    only(place.land(), Refreshed)
    assert place.ids() == [1, 3, 4, 5]
    assert place.set_aside()["a"] == "it was taken before, with other content"


def test_files_that_come_again_in_place_of_their_rows_are_left_to_a_run(place: Place) -> None:
    replacing = place.pipeline(on_rewritten="replace")
    put(place.landing / "a", 1)
    only(place.land(replacing), Refreshed)
    put(place.landing / "a", 1, 2)
    failed = only(place.land(replacing), Failed)
    assert "files come again, and take the place of their rows" in str(failed.error)
    assert place.ids() == [1]
    assert batch_states(place.warehouse, "raw")[-1].state == "decided"


def test_a_released_file_that_is_still_being_written_stays_released(place: Place) -> None:
    rested = place.pipeline(at_rest_seconds=300)
    put(place.landing / "a", 1)
    only(place.land(rested), Refreshed)
    put(place.landing / "a", 22)
    only(place.land(rested), Refreshed)
    assert "other content" in place.set_aside()["a"]
    release_files(place.warehouse, "raw")
    os.utime(place.landing / "a")
    only(place.land(rested), NothingNew)
    os.utime(place.landing / "a", (1e9, 1e9))
    assert "take the place of their rows" in str(only(place.land(rested), Failed).error)


def rebuild_of(place: Place) -> TablePipeline:
    """Return what a run would rebuild the table with."""
    (table,) = place.pipeline().tables
    context = RefreshContext(
        pipeline="p",
        open_session=lambda: pytest.fail("no session is needed"),
        warehouse=place.warehouse,
        tables={"raw": table},
        rebuilt=Rebuilt(tables=frozenset({"raw"}), accepts_loss=True),
    )
    return PipelineFactory(context).create("bronze", table)


def test_a_rebuild_that_waits_is_left_to_a_run(place: Place) -> None:
    put(place.landing / "a", 1)
    only(place.land(), Refreshed)
    pipeline = rebuild_of(place)
    decision = pipeline.decide()
    assert isinstance(decision, Take)
    batch = decision.settle()
    assert batch is not None
    pipeline.batches.decide(batch)
    assert "is rebuilt" in str(only(place.land(), Failed).error)
    assert place.ids() == [1]


def rebuilt_behind_a_release(place: Place) -> tuple[TablePipeline, Batch, str]:
    """Return what rebuilds the table, the batch that it decides, and the path of a released file."""
    put(place.landing / "a", 1)
    only(place.land(), Refreshed)
    put(place.landing / "a", 22)
    only(place.land(), Refreshed)
    (path,) = release_files(place.warehouse, "raw")
    pipeline = rebuild_of(place)
    decision = pipeline.decide()
    assert isinstance(decision, Take)
    batch = decision.settle()
    assert batch is not None
    return pipeline, batch, path


def test_a_rebuild_that_is_stopped_before_its_batch_is_decided_forgets_no_release(place: Place) -> None:
    pipeline, batch, path = rebuilt_behind_a_release(place)
    assert [file["path"] for file in batch.inputs["files"]] == [path]
    assert pipeline.context.released("raw").paths() == {path}
    pipeline.table.flow.source.taken(pipeline.context, "raw", batch.inputs)
    assert pipeline.context.released("raw").paths() == set()


def test_a_released_file_that_changes_before_its_rows_are_written_stays_released(place: Place) -> None:
    pipeline, batch, path = rebuilt_behind_a_release(place)
    put(place.landing / "a", 333)
    source, request = pipeline.table.flow.source, pipeline.request(batch)
    changed = source.as_they_stand(pipeline.context, request)
    assert changed is not None
    source.taken(pipeline.context, "raw", changed)
    assert pipeline.context.released("raw").paths() == {path}
    source.taken(pipeline.context, "raw", batch.inputs)
    assert pipeline.context.released("raw").paths() == set()


def test_what_was_set_aside_beside_a_table_comes_back_with_it_from_a_backup(
    place: Place, tmp_path: Path
) -> None:
    (place.landing / "bad").write_bytes(b"\xff")
    put(place.landing / "a", 1)
    os.utime(place.landing / "bad", (1e9, 1e9))
    only(place.land(), Refreshed)
    table = Path(place.warehouse.path_of("bronze", "raw"))
    shutil.copytree(table, tmp_path / "backup")
    shutil.rmtree(table)
    only(place.land(), Refreshed)  # the table starts over, and what was set aside before goes
    shutil.rmtree(table)
    shutil.copytree(tmp_path / "backup", table)
    put(place.landing / "b", 2)
    only(place.land(), Refreshed)
    assert (place.ids(), list(place.set_aside())) == ([1, 2], ["bad"])
    assert [row["_batch"] for row in place.rows("raw_quarantine")] == [0]


def test_the_verb_lands_a_folder(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    put(place.landing / "a.jsonl", {"id": 1, "tags": ["x"]})
    given = ["land", str(place.landing), "bronze.raw", "--pipeline", "p", "--warehouse", place.warehouse.root]
    assert (
        main([*given, "--format", "json_lines", "--columns", "id bigint, tags array<string>", "--json"]) == 0
    )
    assert place.rows()[0]["tags"] == ["x"]
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["pipeline"] == "p"
    assert main([*given, "--format", "jsonl", "--columns", "id"]) == 2
    assert "there is no file format 'jsonl'" in capsys.readouterr().err
    put(place.landing / "b.jsonl", 1)
    assert main([*given, "--format", "json_lines", "--columns", "id,other"]) == 1


def test_options_of_a_format_may_be_json(place: Place) -> None:
    put(place.landing / "a.txt")
    (place.landing / "a.txt").write_text("the report\n  1ab\n")
    os.utime(place.landing / "a.txt", (1e9, 1e9))
    given = [
        "land",
        str(place.landing),
        "raw",
        "--warehouse",
        place.warehouse.root,
        "--format",
        "fixed_width",
    ]
    options = [
        "--option",
        'places={"id": [0, 3], "n": [3, 5]}',
        "--option",
        "skip_lines=1",
        "--option",
        "encoding=latin-1",
    ]
    assert main([*given, *options]) == 0
    assert [(row["id"], row["n"]) for row in place.rows()] == [("1", "ab")]


def test_the_verb_takes_columns_and_format_from_a_definition(place: Place, tmp_path: Path) -> None:
    put(place.landing / "a.jsonl", 7)
    definition = tmp_path / "p.yaml"
    definition.write_text(
        "name: p\ntables:\n  - name: raw\n    layer: bronze\n    write: append\n    flow:\n      from_files:\n"
        "        pattern: nowhere/*\n        format: json_lines\n        columns: {id: bigint}\n"
    )
    given = ["land", f"{place.landing}/*.jsonl", "raw", "--pipeline", "p", "--definition", str(definition)]
    assert main([*given, "--warehouse", place.warehouse.root]) == 0
    assert place.ids() == [7]
