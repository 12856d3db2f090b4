"""An index of keys: what it says of a file is true, or that the file may hold anything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql.types import (
    ArrayType,
    DoubleType,
    IntegerType,
    LongType,
    StringType,
    StructField,
    StructType,
)

from lakehouse.delta_log import TransactionManager, vacuum
from lakehouse.storage import LocalStorageService
from lakehouse.tables import Candidates
from lakehouse.tables.key_index.index import KeyIndex
from lakehouse.tables.key_index.key_hashes import hashable_columns
from lakehouse.tables.key_index.manifest import IndexedFile, Manifests, Segment, index_folder, segment_key
from lakehouse.tables.key_index.segment import checksum_of, decode, encode, has_any

HASH = st.integers(-(2**63), 2**63 - 1)
COLUMNS = [("id", "string")]
NO_SPARK: Any = None


@settings(deadline=None)
@given(st.lists(HASH), st.lists(HASH, min_size=1), st.booleans())
def test_a_hash_is_found_exactly_where_it_is(held: list[int], wanted: list[int], meets: bool) -> None:
    if meets and held:
        wanted.append(held[len(held) // 2])
    segment = encode(np.array(held, dtype=np.int64))
    hashes = decode(segment, checksum=checksum_of(segment))
    assert hashes is not None
    assert has_any(hashes, np.array(wanted, dtype=np.int64)) == bool({*held} & {*wanted})


@settings(deadline=None)
@given(st.data())
def test_a_segment_that_is_cut_or_changed_is_not_believed(data: st.DataObject) -> None:
    whole = encode(np.array([3, 1, 2], dtype=np.int64))
    checksum = checksum_of(whole)
    place = data.draw(st.integers(0, len(whole) - 1))
    changed = bytearray(whole)
    changed[place] ^= data.draw(st.integers(1, 255))
    assert decode(bytes(changed), checksum=checksum) is None
    assert decode(whole[:place], checksum=checksum) is None
    assert decode(whole + b"x", checksum=checksum) is None


class Index:
    """Two data files of three rows each, indexed by hand: hashes 1, 2, 3 and 11, 12, 13."""

    def __init__(self, folder: Path) -> None:
        self.path = str(folder)
        self.storage = LocalStorageService(folder)
        self.files = Candidates(
            paths=(f"{folder}/a.parquet", f"{folder}/b.parquet"), sizes=(100, 200), row_counts=(3, 3)
        )
        self.manifests = Manifests(self.storage, COLUMNS)
        self.segments = [self.segment("a.parquet", 1, 2), self.segment("a.parquet", 3)]
        a = IndexedFile(key="a.parquet", size_bytes=100, segments=tuple(self.segments))
        b = IndexedFile(key="b.parquet", size_bytes=200, segments=(self.segment("b.parquet", 11, 12, 13),))
        self.manifests.add([a, b])

    def segment(self, data_key: str, *hashes: int) -> Segment:
        key = segment_key(index_folder(COLUMNS), data_key)
        body = encode(np.array(hashes, dtype=np.int64))
        self.storage.put_if_absent(key, body)
        return Segment(key=key, row_count=len(hashes), checksum=checksum_of(body))

    def opened(self, *hashes: int) -> list[str]:
        return [Path(path).name for path in self.asked(*hashes)[0].paths]

    def damaged(self, *hashes: int) -> list[str]:
        return [Path(path).name for path in self.asked(*hashes)[1].paths]

    def asked(self, *hashes: int) -> tuple[Candidates, Candidates]:
        return KeyIndex(NO_SPARK, self.path, COLUMNS).may_hold(self.files, np.array(hashes, dtype=np.int64))

    def missing(self) -> list[str]:
        return [Path(path).name for path in KeyIndex(NO_SPARK, self.path, COLUMNS).missing(self.files).paths]


@pytest.fixture
def index(tmp_path: Path) -> Index:
    return Index(tmp_path)


def test_only_files_with_one_of_the_keys_are_opened(index: Index) -> None:
    assert index.missing() == []
    assert index.opened(4, 5, 10) == []
    assert index.opened(3, 5) == ["a.parquet"]
    assert index.damaged(3, 5) == []
    assert index.opened(12, 1) == ["a.parquet", "b.parquet"]


@pytest.mark.parametrize("fault", ["lost", "torn", "another of as many rows", "another of more rows"])
def test_a_damaged_segment_opens_its_file_and_no_other(index: Index, fault: str) -> None:
    file = Path(index.path) / index.segments[1].key
    if fault == "lost":
        file.unlink()
    elif fault == "torn":
        file.write_bytes(file.read_bytes()[:-3])
    else:
        rows = [77] if fault == "another of as many rows" else [77, 78]
        file.write_bytes(encode(np.array(rows, dtype=np.int64)))
    assert index.opened(5) == index.damaged(5) == ["a.parquet"]


def test_a_file_of_another_size_or_number_of_rows_is_not_indexed(index: Index) -> None:
    index.files = Candidates(paths=index.files.paths, sizes=(101, 200), row_counts=(3, 4))
    assert index.opened(5) == index.missing() == ["a.parquet", "b.parquet"]
    index.files = Candidates(paths=index.files.paths, sizes=(100, 200), row_counts=(None, None))
    assert index.opened(5) == ["a.parquet", "b.parquet"]
    assert index.missing() == []  # nobody could tell whether all rows are in it


def test_a_manifest_that_is_torn_of_another_version_or_for_other_columns_counts_for_nothing(
    index: Index,
) -> None:
    (manifest,) = (Path(index.path) / index_folder(COLUMNS) / "manifests").iterdir()
    whole = manifest.read_bytes()
    for changed in (whole[:-5], whole.replace(b'"v1"', b'"v2"'), whole.replace(b'"id"', b'"no"'), b"", b"[]"):
        assert changed != whole
        manifest.write_bytes(changed)
        assert index.opened(5) == ["a.parquet", "b.parquet"]
    manifest.write_bytes(whole)
    assert index.opened(5) == []


def test_the_last_build_counts_and_half_a_build_is_none(index: Index) -> None:
    half = IndexedFile(key="a.parquet", size_bytes=100, segments=(index.segments[0],))
    index.manifests.add([half])
    assert index.opened(5) == index.missing() == ["a.parquet"]
    index.manifests.add([IndexedFile(key="a.parquet", size_bytes=100, segments=tuple(index.segments))])
    assert index.opened(5) == index.missing() == []


def test_many_builds_leave_few_manifests_that_name_every_file_still_there(index: Index) -> None:
    names = [f"{number}.parquet" for number in range(50)]
    for number, name in enumerate(names):
        segment = index.segment(name, number)
        index.manifests.add([IndexedFile(key=name, size_bytes=1, segments=(segment,))])
        if number == 20:
            (Path(index.path) / segment.key).unlink()  # as the vacuum takes it with its data file
    known = index.manifests.files()
    assert {key: file.segments[0].row_count for key, file in known.items() if key != "a.parquet"} == {
        name: 1 if name != "b.parquet" else 3 for name in ("b.parquet", *names) if name != "20.parquet"
    }
    assert known["a.parquet"].segments == tuple(index.segments)
    assert len(list((Path(index.path) / index_folder(COLUMNS) / "manifests").iterdir())) <= 16
    assert index.opened(3, 5) == ["a.parquet"]


def test_keys_are_hashed_only_where_equal_keys_have_one_hash() -> None:
    types = {"a": StringType(), "b": DoubleType(), "c": ArrayType(LongType()), "e": StringType("UTF8_LCASE")}
    held = StructType([StructField(name, data_type) for name, data_type in types.items()])
    held, ours = (
        held.add("d", IntegerType()),
        StructType([*held.fields]).add("d", LongType()).add("f", LongType()),
    )
    assert hashable_columns(["a", "b"], ours=ours, held=held) == [("a", "string"), ("b", "double")]
    for name in ("c", "d", "e", "f"):
        assert hashable_columns(["a", name], ours=ours, held=held) is None


def test_the_vacuum_takes_the_index_of_files_that_it_takes(tmp_path: Path) -> None:
    with TransactionManager().transaction(tmp_path) as transaction:
        transaction.append(pa.table({"id": ["x"]}))
    index = Index(tmp_path)
    (live,) = (file.name for file in tmp_path.glob("*.parquet"))
    kept = index.segment(live, 1)
    gone = vacuum(index.storage, retention_hours=0, allow_short_retention=True, now_ms=2**53, dry_run=False)
    assert {key.rpartition("/")[0].rpartition("/")[2] for key in gone.keys} == {"a.parquet", "b.parquet"}
    assert index.storage.exists(kept.key)
