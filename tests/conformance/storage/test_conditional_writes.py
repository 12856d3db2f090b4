"""Conditional writes on every storage service: one winner each time, and losers get a value."""

from __future__ import annotations

import threading
from collections.abc import Callable

from lakehouse.storage import AbstractStorageService, AlreadyThere, Changed, Created, Replaced

WRITERS = 8


def race(put: Callable[[int], object]) -> list[object]:
    """Let the writers put at once; return their outcomes."""
    outcomes: list[object] = [None] * WRITERS
    barrier = threading.Barrier(WRITERS)

    def run(writer: int) -> None:
        barrier.wait()
        outcomes[writer] = put(writer)

    threads = [threading.Thread(target=run, args=(writer,)) for writer in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def test_the_second_put_gets_a_value_and_changes_nothing(store: AbstractStorageService) -> None:
    created = store.put_if_absent("log/key", b"first")
    assert isinstance(created, Created)
    assert created.stat.etag == store.stat("log/key").etag
    assert store.put_if_absent("log/key", b"second") == AlreadyThere(key="log/key")
    assert store.read("log/key") == b"first"
    assert [stat.key for stat in store.list()] == ["log/key"]


def test_a_deleted_key_can_be_put_again(store: AbstractStorageService) -> None:
    store.put_if_absent("key", b"first")
    store.delete("key")
    assert isinstance(store.put_if_absent("key", b"second"), Created)


def test_of_eight_writers_exactly_one_wins_every_round(store: AbstractStorageService) -> None:
    for version in range(10):
        key = f"log/{version}"
        outcomes = race(lambda writer, key=key: store.put_if_absent(key, str(writer).encode()))
        winners = [writer for writer, outcome in enumerate(outcomes) if isinstance(outcome, Created)]
        losers = [outcome for outcome in outcomes if outcome == AlreadyThere(key=key)]
        assert (len(winners), len(losers)) == (1, WRITERS - 1)
        assert store.read(key) == str(winners[0]).encode()


def test_of_eight_writers_of_one_and_the_same_body_exactly_one_wins(store: AbstractStorageService) -> None:
    for version in range(5):
        outcomes = race(lambda _, version=version: store.put_if_absent(f"log/{version}", b"the same"))
        assert sum(isinstance(outcome, Created) for outcome in outcomes) == 1


def test_a_replace_needs_the_etag_of_what_is_there(store: AbstractStorageService) -> None:
    first = store.write("key", b"first").etag
    replaced = store.replace("key", b"second", etag=first)
    assert isinstance(replaced, Replaced)
    assert replaced.stat.etag == store.stat("key").etag != first
    assert store.replace("key", b"third", etag=first) == Changed(key="key")
    assert store.read("key") == b"second"


def test_a_replace_creates_nothing(store: AbstractStorageService) -> None:
    etag = store.write("key", b"x").etag
    store.delete("key")
    assert store.replace("key", b"y", etag=etag) == Changed(key="key")
    assert not store.exists("key")
    assert list(store.list()) == []


def test_of_eight_replacers_exactly_one_wins_every_round(store: AbstractStorageService) -> None:
    etag = store.write("key", b"start").etag
    for version in range(10):
        # No body twice: S3 gives equal content an equal ETag, so what was replaced by itself is unchanged.
        bodies = [b"%d by %d" % (version, writer) for writer in range(WRITERS)]
        outcomes = race(lambda writer, etag=etag, b=bodies: store.replace("key", b[writer], etag=etag))
        winners = [writer for writer, outcome in enumerate(outcomes) if isinstance(outcome, Replaced)]
        assert len(winners) == 1
        assert outcomes.count(Changed(key="key")) == WRITERS - 1
        assert store.read("key") == bodies[winners[0]]
        etag = store.stat("key").etag


def test_counting_by_replace_loses_no_step(store: AbstractStorageService) -> None:
    store.write("counter", b"0")

    def count(_: int) -> None:
        for _ in range(3):
            while True:
                stat = store.stat("counter")
                number = int(store.read("counter"))
                # What was read may be newer than the stat: then the ETag doesn't fit, and nothing is lost.
                if isinstance(store.replace("counter", b"%d" % (number + 1), etag=stat.etag), Replaced):
                    break

    race(count)
    assert store.read("counter") == b"%d" % (WRITERS * 3)
