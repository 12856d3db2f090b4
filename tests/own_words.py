"""Words for one test: a class from outside is known while it runs, and not to the tests after it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

from lakehouse.words import HasWords, Words, word

__all__ = ["known_by"]


@contextmanager
def known_by(name: str, cls: type[HasWords], *, base: type[HasWords]) -> Iterator[None]:
    """Give a class below ``base`` its word, as ``@word(name)`` does, until the end of the block."""
    words = Words("word of a test")
    for each, known in base.words.items():
        words.add(each, known)
    with mock.patch.object(base, "words", words):
        word(name)(cls)
        yield
