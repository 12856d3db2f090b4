"""How actions spell paths; the spellings are those of Spark's golden tables."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.delta_log.actions import (
    canonical_path,
    encode_path,
    is_absolute,
    is_in_same_store,
    storage_key,
)


@pytest.mark.parametrize(
    ("path", "plain"),
    [
        ("a=1/part-0.parquet", "a=1/part-0.parquet"),
        ("a=%2520x/part%3A0.parquet", "a=%20x/part:0.parquet"),
        ("file:/x/y%20z", "/x/y z"),
        ("file:///x/y%20z", "/x/y z"),
        ("/x/y%20z", "/x/y z"),
        ("S3A://bucket/x%25", "s3a://bucket/x%"),
        ("file://localhost/x/y", "/x/y"),
        ("/x/../y//z/./f", "/y/z/f"),
        ("./a//f", "a/f"),
        ("a/../f", "f"),
        ("..data/f", "..data/f"),
        ("s3://bucket/t//a/../f", "s3://bucket/t/f"),
    ],
)
def test_all_spellings_of_a_path_become_one(path: str, plain: str) -> None:
    assert canonical_path(path) == plain


SEGMENTS = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1)


@given(st.lists(SEGMENTS.filter(lambda segment: segment not in {".", ".."}), min_size=1))
def test_a_key_survives_being_spelt_as_a_path(segments: list[str]) -> None:
    key = "/".join(segments)
    path = encode_path(key)
    assert path.isascii()
    assert not is_absolute(path)
    assert storage_key(path, table_uri="file:///t") == key


def test_an_absolute_path_has_a_key_only_inside_the_table() -> None:
    assert storage_key("file:/lake/my%20t/a.parquet", table_uri="file:///lake/my t") == "a.parquet"
    assert storage_key("/lake/other/a.parquet", table_uri="file:///lake/my t") is None
    assert storage_key("s3://bucket/t/a.parquet", table_uri="s3://bucket/t/") == "a.parquet"
    assert storage_key("../other/a.parquet", table_uri="file:///lake/my t") is None


@pytest.mark.parametrize(
    ("path", "table"),
    [
        ("s3://b/t/a", "s3a://b/t"),
        ("s3n://b/t/a", "s3a://b/t"),
        ("wasbs://c@a.blob.core.windows.net/t/a", "abfss://c@a.dfs.core.windows.net/t"),
        ("abfs://c@A.dfs.core.windows.net/t/a", "abfss://c@a.dfs.core.windows.net/t"),
    ],
)
def test_the_schemes_of_one_store_name_the_same_object(path: str, table: str) -> None:
    assert storage_key(path, table_uri=table) == "a"


@pytest.mark.parametrize("path", ["dbfs:/lake/t/a", "hdfs://h/lake/t/a", "s3://b/t/a", "https://h/t/a"])
def test_a_path_of_another_store_cannot_be_compared_with_a_local_table(path: str) -> None:
    assert not is_in_same_store(path, table_uri="file:///lake/t")
