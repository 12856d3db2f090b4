"""Which file goes: always the one not used for longest, and without a look at all of them for each."""

from __future__ import annotations

import random
from collections import OrderedDict
from pathlib import Path

import pytest

from lakehouse.cache import NodeFileCache, eviction_order
from lakehouse.cache.eviction_order import EvictionOrder
from lakehouse.cache.slot_table import SlotTable
from lakehouse.cache.stored_object import StoredObject

BLOCK = 4096


@pytest.fixture(params=[1, 3, 1000])
def at_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(eviction_order, "LEAST_AT_ONCE", request.param)


@pytest.mark.usefixtures("at_once")
def test_random_uses_and_removals_by_others_leave_the_order_that_of_a_plain_lru(tmp_path: Path) -> None:
    chance = random.Random(3)
    table = SlotTable.create(tmp_path / "index", [], slots=256)
    order = EvictionOrder()
    model: OrderedDict[tuple[int, int], None] = OrderedDict()
    for step in range(1, 6000):
        key = (chance.randrange(1, 40), chance.randrange(3))
        action = chance.randrange(10)
        if action < 4 and len(model) < 100:
            table.insert(StoredObject(key, 1, 0), used_ns=step)
            model[key] = None
            model.move_to_end(key)
        elif action < 7 and key in model:
            position = table.find(key)
            assert position is not None
            table._words[position + 3] = step  # as touch does, by a clock of our own
            model.move_to_end(key)
        elif action < 8 and key in model:  # another process drops it
            position = table.find(key)
            assert position is not None
            table.remove(position)
            del model[key]
        elif action >= 8:
            position = order.next(table)
            assert (None if position is None else table.object_at(position).digest) == next(iter(model), None)
            if position is not None:
                table.remove(position)
                model.popitem(last=False)
    assert table.files == len(model)


def test_a_table_that_took_another_s_place_is_ordered_from_its_own_times(tmp_path: Path) -> None:
    first = SlotTable.create(
        tmp_path / "a", [(StoredObject((n, n), 1, 0), 10 * n) for n in range(1, 9)], slots=64
    )
    order = EvictionOrder()
    position = order.next(first)
    assert position is not None
    assert first.object_at(position).digest == (1, 1)
    times = {2: 20, 8: 1}  # the one that was to go next has the same time, and another one an earlier one
    second = SlotTable.create(
        tmp_path / "b",
        [(StoredObject((n, n), 1, 0), times.get(n, 1000)) for n in range(1, 9)],
        slots=64,
    )
    position = order.next(second)
    assert position is not None
    assert second.object_at(position).digest == (8, 8)


def test_a_file_without_a_time_of_use_can_be_evicted(tmp_path: Path) -> None:
    table = SlotTable.create(tmp_path / "index", [(StoredObject((1, 1), 1, 0), 0)], slots=64)
    assert EvictionOrder().next(table) is not None


def test_a_put_that_evicts_files_with_damaged_slots_does_not_fail_and_the_bound_binds_again(
    tmp_path: Path,
) -> None:
    files = NodeFileCache(tmp_path, max_bytes=10 * BLOCK)
    for number in range(10):
        files.open(str(number), "1", lambda target: target.write(b"x")).close()
    index = tmp_path / "layout-1" / "index"
    raw = bytearray(index.read_bytes())
    for position in range(64, len(raw), 40):
        if raw[position : position + 16] != bytes(16):
            raw[position + 16 : position + 24] = b"\xff" * 8  # its size
    with index.open("r+b") as file:
        file.write(raw)
    for number in range(100, 130):
        with files.open(str(number), "1", lambda target: target.write(b"new")) as lease:
            assert lease.read() == b"new"
    assert len(list(tmp_path.glob("layout-1/objects/*"))) <= 10, "with those that the index lost sight of"
    later = NodeFileCache(tmp_path, max_bytes=10 * BLOCK)
    assert later.size_bytes() == sum(path.stat().st_size for path in tmp_path.glob("layout-1/objects/*"))
    assert len(list(tmp_path.glob("layout-1/objects/*"))) <= 10


def test_one_put_that_evicts_many_files_looks_at_all_of_them_only_a_few_times(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[int] = []
    look = SlotTable._column

    def counted(table: SlotTable, word: int) -> list[int]:
        looks.append(word)
        return look(table, word)

    monkeypatch.setattr(SlotTable, "_column", counted)
    files = NodeFileCache(tmp_path, max_bytes=3000 * BLOCK)
    for number in range(3000):
        files.open(str(number), "1", lambda target: target.write(b"x")).close()
    assert looks == [], "a put that evicts nothing looks at no column"
    files.open("big", "1", lambda target: target.write(bytes(3000 * BLOCK))).close()
    assert files.statistics().evictions == 3000
    assert len(looks) < 10


def test_puts_into_a_full_cache_look_at_all_files_once_in_many_puts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[int] = []
    look = SlotTable._column
    monkeypatch.setattr(SlotTable, "_column", lambda table, word: looks.append(word) or look(table, word))
    files = NodeFileCache(tmp_path, max_bytes=500 * BLOCK)
    for number in range(2000):
        files.open(str(number), "1", lambda target: target.write(b"x")).close()
    assert files.statistics().evictions == 1500
    assert len(looks) <= 4
