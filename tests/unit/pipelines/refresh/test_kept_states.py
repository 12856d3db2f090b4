"""What is kept of groups is found for the batch that it was kept for, whole, or not at all."""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakehouse.pipelines import Batch, Warehouse
from lakehouse.pipelines.refresh.groups import KeptState, KeptStates
from lakehouse.tables import StagedRows


def batch(number: int, *, planned_at: str = "2024-01-01T00:00:00+00:00") -> Batch:
    return Batch(
        flow="lakehouse/p/t",
        number=number,
        planned_at=planned_at,
        starts_over=False,
        fingerprint="f",
        inputs={"after": -1, "through": number},
        pinned={},
    )


class Kept:
    """The kept states of one table."""

    def __init__(self, folder: Path) -> None:
        self.states = KeptStates(Warehouse.at(folder), layer="gold", table="t")

    def state(self, number: int = 1, zone: str = "UTC", *values: StagedRows) -> KeptState:
        staged = self.rows(number)
        return KeptState(
            rows=staged,
            settings={"zone": zone},
            steps=(),
            counts={"groups": staged.row_count},
            how="",
            values=(values,) if values else (),
        )

    def rows(self, number: int) -> StagedRows:
        rows = 3
        folder = Path(self.states.folder_of(batch(number))) / "_lakehouse_staging" / uuid.uuid4().hex
        folder.mkdir(parents=True)
        pq.write_table(pa.table({"c0": list(range(rows))}), folder / "part-0.parquet")
        (folder / "_SUCCESS").touch()
        return StagedRows(folder=str(folder), row_count=rows, schema_json={"type": "struct", "fields": []})

    @property
    def folder(self) -> Path:
        return Path(self.states.folder_of(batch(1))).parent

    def files(self) -> int:
        return len(list(self.folder.rglob("*.parquet")))


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path / "lake")


def test_a_state_belongs_to_exactly_one_batch(kept: Kept) -> None:
    state = kept.states.keep(batch(1), kept.state())
    assert kept.states.find(batch(1)) == state
    assert kept.states.find(batch(2)) is None
    # The batches of a warehouse were deleted, and numbers are given out again.
    assert kept.states.find(batch(1, planned_at="2024-02-01T00:00:00+00:00")) is None


def test_of_two_runs_the_first_one_keeps_its_state(kept: Kept) -> None:
    first = kept.states.keep(batch(1), kept.state())
    assert kept.states.keep(batch(1), kept.state()) == first
    assert kept.files() == 1
    other = kept.states.keep(batch(1), kept.state(zone="Asia/Tokyo"))
    assert other.settings == {"zone": "Asia/Tokyo"}
    assert kept.states.find(batch(1)) == other


@pytest.mark.parametrize("harm", ["gone", "no end", "truncated", "fewer files", "note"])
def test_a_state_that_is_not_whole_is_not_found_and_gives_way(kept: Kept, harm: str) -> None:
    state = kept.states.keep(batch(1), kept.state())
    folder = Path(state.rows.folder)
    file = folder / "part-0.parquet"
    match harm:
        case "gone":
            shutil.rmtree(folder)
        case "no end":
            (folder / "_SUCCESS").unlink()
        case "truncated":
            file.write_bytes(file.read_bytes()[:-9])
        case "fewer files":
            file.unlink()
        case "note":
            (note,) = kept.folder.glob("*.json")
            note.write_bytes(msgspec.json.encode(state)[:-5])
    assert kept.states.find(batch(1)) is None
    again = kept.states.keep(batch(1), kept.state())
    assert kept.states.find(batch(1)) == again


def test_only_the_last_two_states_stay(kept: Kept) -> None:
    for number in (2, 10, 9, 11):
        kept.states.keep(batch(number), kept.state(number))
    kept.state(4)  # a run was killed before it wrote its note
    kept.states.discard_old()
    assert [number for number in (2, 9, 10, 11) if kept.states.find(batch(number))] == [10, 11]
    assert kept.files() == 2


def test_values_of_batches_long_before_stay_while_a_state_needs_them(kept: Kept) -> None:
    first, second, third = (kept.rows(number) for number in (1, 2, 3))
    kept.states.keep(batch(1), kept.state(1, "UTC", first))
    kept.states.keep(batch(2), kept.state(2, "UTC", first, second))
    kept.states.keep(batch(3), kept.state(3, "UTC", first, second, third))
    kept.states.discard_old()
    kept.states.keep(batch(4), kept.state(4, "UTC", first, second, third))
    kept.states.discard_old()
    assert kept.states.find(batch(4)) is not None
    assert kept.files() == 2 + 3
    merged = kept.rows(5)
    for number in (5, 6):
        kept.states.keep(batch(number), kept.state(number, "UTC", merged))
    kept.states.discard_old()
    assert kept.files() == 2 + 1


def test_a_state_without_all_of_its_values_is_not_found(kept: Kept) -> None:
    values = kept.rows(1)
    kept.states.keep(batch(1), kept.state(1, "UTC", values))
    shutil.rmtree(values.folder)
    assert kept.states.find(batch(1)) is None
