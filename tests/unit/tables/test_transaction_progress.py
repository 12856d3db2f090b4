"""Which piece a table took last, and which can't come in any more, told from the log's identifiers alone."""

from __future__ import annotations

import pytest

from lakehouse.tables import Predecessor, SupersededWriteError, TransactionId
from lakehouse.tables.progress import Progress, fence_before


def piece(number: int, after: int | None) -> TransactionId:
    return TransactionId(application="app", number=number, follows=Predecessor(number=after))


def progress(identifiers: dict[str, int]) -> Progress:
    return Progress.of("app", identifiers.get)


@pytest.mark.parametrize("after", [None, 3])
def test_a_fence_keeps_out_what_lies_before_it_and_leaves_the_last_piece_as_it_was(after: int | None) -> None:
    log = {} if after is None else {"app": after}
    newer, older = piece(6, after), piece(5, after)
    assert progress(log).needs_fence(newer)
    progress(log).check_order(older, path="t")
    log |= fence_before(newer)
    fenced = progress(log)
    assert (fenced.last, fenced.reached) == (after, 5)
    assert not fenced.needs_fence(newer)
    fenced.check_order(newer, path="t")
    with pytest.raises(SupersededWriteError):
        fenced.check_order(older, path="t")
    log["app"] = 6
    assert progress(log) == Progress(reached=6, last=6)
    with pytest.raises(SupersededWriteError):
        progress(log).check_order(piece(7, after), path="t")
    progress(log).check_order(piece(7, 6), path="t")


def test_the_next_number_needs_no_fence_and_order_matters_only_where_it_is_asked_for() -> None:
    assert not progress({"app": 3}).needs_fence(piece(4, 3))
    assert not progress({}).needs_fence(piece(0, None))
    anywhere = TransactionId(application="app", number=9)
    assert not progress({"app": 3}).needs_fence(anywhere)
    progress({"app": 3, "app/fence": 3, "app/before_fence": 1}).check_order(anywhere, path="t")
