"""Deletion vectors decode to what another Roaring library put in."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap64

from lakehouse.delta_log.deletion_vectors import decode_roaring_array, decode_z85, encode_z85

MAGIC = struct.pack("<i", 1681511377)
NUMBERS = st.one_of(
    st.integers(0, 100), st.integers(0, 2**20), st.integers(0, 2**40), st.sampled_from([2**16, 2**32, 2**33])
)


def ranges(pairs: list[tuple[int, int]]) -> set[int]:
    return {number for start, length in pairs for number in range(start, start + length)}


@given(
    st.sets(NUMBERS, max_size=50),
    st.lists(st.tuples(NUMBERS, st.integers(1, 9000)), max_size=4),
    st.booleans(),
)
def test_every_set_is_read_back(loose: set[int], dense: list[tuple[int, int]], runs: bool) -> None:
    numbers = loose | ranges(dense)
    bitmap = BitMap64(numbers)
    if runs:
        bitmap.run_optimize()
    assert list(decode_roaring_array(MAGIC + bitmap.serialize())) == sorted(numbers)


@given(st.binary(max_size=200))
def test_other_bytes_are_refused_or_read_but_never_worse(body: bytes) -> None:
    for candidate in (body, MAGIC + body, MAGIC + struct.pack("<QII", 1, 0, 12346) + body):
        try:
            decode_roaring_array(candidate)
        except ValueError:
            continue


@given(st.binary(max_size=400), st.integers(0, 3))
def test_cut_off_vectors_are_refused(noise: bytes, containers: int) -> None:
    whole = MAGIC + BitMap64([index << 16 for index in range(containers + 1)]).serialize()
    cut = whole[: len(whole) * len(noise) // 401]
    with pytest.raises(ValueError, match="too early"):
        decode_roaring_array(cut)


@given(st.binary(max_size=64).map(lambda body: body[: len(body) // 4 * 4]))
def test_z85_is_its_own_inverse(body: bytes) -> None:
    assert decode_z85(encode_z85(body)) == body


def test_z85_is_the_one_of_its_specification() -> None:
    assert encode_z85(bytes([0x86, 0x4F, 0xD2, 0x6F, 0xB5, 0x59, 0xF7, 0x5B])) == "HelloWorld"


@pytest.mark.parametrize("text", ["1234", "1234~", "#####", "12345é"])
def test_text_that_is_not_z85_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        decode_z85(text)
