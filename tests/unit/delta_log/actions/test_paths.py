"""How actions spell paths; the spellings are those of Spark's golden tables."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.delta_log.actions import canonical_path, encode_path, is_absolute, storage_key


@pytest.mark.parametrize(
    ("path", "plain"),
    [
        ("a=1/part-0.parquet", "a=1/part-0.parquet"),
        ("a=%2520x/part%3A0.parquet", "a=%20x/part:0.parquet"),
        ("file:/x/y%20z", "/x/y z"),
        ("file:///x/y%20z", "/x/y z"),
        ("/x/y%20z", "/x/y z"),
        ("S3A://bucket/x%25", "s3a://bucket/x%"),
    ],
)
def test_all_spellings_of_a_path_become_one(path: str, plain: str) -> None:
    assert canonical_path(path) == plain


@given(
    st.lists(
        st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1), min_size=1
    )
)
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
