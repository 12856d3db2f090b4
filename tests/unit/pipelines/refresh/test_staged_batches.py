"""What is noted of judged batches lasts as long as it may be needed, and no longer."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import msgspec

from lakehouse.pipelines import DeclarativePipelineBuilder, Flow, StagedBatch, TableDefinition, read
from lakehouse.pipelines.refresh.staged_batches import StagedBatches, digest_of_mode
from lakehouse.quality import Tally
from lakehouse.storage import MemoryStorageService
from lakehouse.tables import StagedRows

TALLY = Tally(rows_in=1, written=1, dropped=0, quarantined=0, failed=0, broken={})


def staged(folder: Path) -> StagedBatch:
    folder.mkdir()
    (folder / "_SUCCESS").touch()
    kept = StagedRows(folder=str(folder), row_count=1, schema_json={})
    return StagedBatch(kept=kept, quarantined=None, tally=TALLY, steps=())


def test_a_note_ends_with_the_publication_of_a_later_batch_and_so_do_rows_that_were_left(
    tmp_path: Path,
) -> None:
    storage = MemoryStorageService()
    notes = StagedBatches(storage, layer="silver", table="t")
    neighbour = StagedBatches(storage, layer="silver", table="t2")
    kept = {number: notes.keep(number, staged(tmp_path / str(number))) for number in (3, 9, 10, 11)}
    neighbour.keep(1, kept[3])
    notes.forget_before(10)
    assert {number: notes.find(number) for number in kept} == {3: None, 9: None, 10: kept[10], 11: kept[11]}
    assert {number: each.exists() for number, each in kept.items()} == {
        3: False,
        9: False,
        10: True,
        11: True,
    }
    assert neighbour.find(1) == kept[3]


def test_rows_are_written_only_as_they_were_to_be_written() -> None:
    new = read("orders", incremental=True)

    def declared(flow: Flow, **options: Any) -> TableDefinition:
        return DeclarativePipelineBuilder("p").silver("t", flow, **options).build().tables[0]

    schema = {"type": "struct", "fields": [{"name": "qty", "type": "long", "nullable": True, "metadata": {}}]}
    rows = StagedRows(folder="nowhere", row_count=1, schema_json=schema)
    mode = digest_of_mode(new.append().write_mode)
    judged = StagedBatch(kept=rows, quarantined=None, tally=TALLY, steps=(), mode=mode)
    assert judged.is_written_as(declared(new.where("qty > 1").append()))
    assert not judged.is_written_as(declared(new.merge("qty")))
    assert not judged.is_written_as(declared(new.append(), renamed={"qty": "quantity"}))
    assert judged.is_written_as(declared(new.append(), renamed={"number": "id"}))


def test_the_first_note_of_a_batch_stands(tmp_path: Path) -> None:
    notes = StagedBatches(MemoryStorageService(), layer="silver", table="t")
    first = notes.keep(0, staged(tmp_path / "first"))
    assert notes.keep(0, staged(tmp_path / "second")) == first
    notes.forget_before(0)
    assert notes.find(0) == first


def test_what_a_killed_process_staged_and_never_noted_goes_after_a_week(tmp_path: Path) -> None:
    table = tmp_path / "t"
    staging = table / "_lakehouse_staging"
    staging.mkdir(parents=True)
    notes = StagedBatches(MemoryStorageService(), layer="silver", table="t")
    notes.keep(0, staged(staging / "noted"))
    for name in ("killed", "land-killed", "at-work"):
        staged(staging / name)
    long_ago = time.time() - 8 * 86_400
    for name in ("noted", "killed", "land-killed"):
        os.utime(staging / name, (long_ago, long_ago))
    notes.sweep(str(table))
    assert sorted(folder.name for folder in staging.iterdir()) == ["at-work", "noted"]


def test_a_sweep_keeps_noted_rows_by_whatever_path_and_passes_over_what_goes_meanwhile(
    tmp_path: Path,
) -> None:
    staging = tmp_path / "t" / "_lakehouse_staging"
    staging.mkdir(parents=True)
    table = f"{tmp_path}/./t"
    made = staged(staging / "noted")
    kept = StagedRows(folder=f"{table}/_lakehouse_staging/noted", row_count=1, schema_json={})
    notes = StagedBatches(MemoryStorageService(), layer="silver", table="t")
    notes.keep(0, msgspec.structs.replace(made, kept=kept))
    long_ago = time.time() - 8 * 86_400
    os.utime(staging / "noted", (long_ago, long_ago))
    (staging / "gone").symlink_to(tmp_path / "nowhere")  # listed, and not there when it is looked at
    notes.sweep(table)
    assert (staging / "noted").is_dir()
