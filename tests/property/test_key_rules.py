"""Which keys are taken: the quick check of common keys and the careful one of all others are one rule."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from lakehouse.storage import InvalidKeyError
from lakehouse.storage.keys import check_key

CHARACTERS = st.one_of(
    st.sampled_from("/.ab=_-% +\\\n\x7f#?é😀"),
    st.characters(codec="utf-8"),
)
KEYS = st.one_of(
    st.text(CHARACTERS, max_size=40),
    st.lists(
        st.sampled_from(["a", ".", "..", "", "a.", ".a", "x" * 48, "x" * 200, "é" * 101]), max_size=8
    ).map("/".join),
)


def allowed(key: str) -> bool:
    """The rule, said slowly."""
    segments = key.split("/")
    return (
        len(key.encode()) <= 1000
        and all(segment not in {"", ".", ".."} for segment in segments)
        and all(len(segment.encode()) <= 200 for segment in segments)
        and not any(segment.endswith(".") for segment in segments)
        and all(ord(character) >= 32 and character not in "\x7f\\" for character in key)
    )


@settings(max_examples=500, deadline=None)
@given(key=KEYS)
@example(key="a\n")
@example(key="a/")
@example(key="a./b")
@example(key="/".join(["x" * 48] * 21))
def test_a_key_is_taken_if_and_only_if_the_rule_allows_it(key: str) -> None:
    try:
        check_key(key, store="store")
    except InvalidKeyError:
        assert not allowed(key)
    else:
        assert allowed(key)
