"""Words name classes; each has one owner, and a wrong one is refused with a suggestion."""

from __future__ import annotations

from typing import ClassVar

import pytest

from lakehouse.words import DuplicateWordError, UnknownWordError, Words, word


class Animal:
    words: ClassVar[Words] = Words("animal")


@word("cat")
class Cat(Animal):
    pass


def test_a_class_is_found_by_its_word() -> None:
    assert Animal.words["cat"] is Cat
    assert list(Animal.words) == ["cat"]


def test_an_unknown_word_is_refused_with_what_is_near() -> None:
    with pytest.raises(UnknownWordError, match=r"'cta' names no animal\. Fix: did you mean 'cat'\?"):
        Animal.words["cta"]


def test_a_word_that_is_taken_is_refused_with_its_owner() -> None:
    class Lion(Animal):
        pass

    with pytest.raises(DuplicateWordError, match=r"'cat' is .*test_words\.Cat already"):
        word("cat")(Lion)


def test_the_same_class_loaded_again_takes_its_word_over() -> None:
    again = type("Cat", (Animal,), {"__module__": Cat.__module__, "__qualname__": Cat.__qualname__})
    word("cat")(again)
    assert Animal.words["cat"] is again
    word("cat")(Cat)
