"""put_if_absent while requests and answers get lost, doubled and late: never two winners, never none."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable

import pytest
from fault_proxy import Fault, FaultProxy
from faulty_memory import FAULTS, FaultyMemoryClient
from storage_servers import Server

from lakehouse.storage import AlreadyThere, Created, ObjectStorageService, RetryPolicy
from lakehouse.storage.object_steps import ObjectSteps

WRITERS = 8
IMPATIENT = RetryPolicy(
    request_timeout_seconds=0.5, within_seconds=60, first_pause_seconds=0.01, longest_pause_seconds=0.2
)
PUT_FAULTS = [fault for fault in Fault if fault not in {Fault.NONE, Fault.DENIED, Fault.ECHO}]
LOOK_FAULTS = [Fault.BUSY, Fault.RESET_BEFORE, Fault.HALF, Fault.STALL, Fault.ANSWER_TWICE]


def body_of(version: int, writer: int) -> bytes:
    """Every other round all writers write the same, so that nobody is told by the body."""
    return b"the same" if version % 2 else b"%d" % writer


def race(rounds: int, store_of: Callable[[int], ObjectStorageService]) -> list[list[object]]:
    """Return the outcome of each writer in each round; the writers begin each round at once."""
    outcomes: list[list[object]] = [[None] * WRITERS for _ in range(rounds)]
    barrier = threading.Barrier(WRITERS)

    def write(writer: int) -> None:
        store = store_of(writer)
        for version in range(rounds):
            barrier.wait()
            try:
                outcome = store.put_if_absent(f"log/{version:020}.json", body_of(version, writer))
            except Exception as error:
                outcome = error  # shown by the assertion
            outcomes[version][writer] = outcome

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def assert_one_winner_each(outcomes: list[list[object]], read: Callable[[str], bytes]) -> None:
    for version, of_round in enumerate(outcomes):
        key = f"log/{version:020}.json"
        winners = [writer for writer, outcome in enumerate(of_round) if isinstance(outcome, Created)]
        assert len(winners) == 1, (key, of_round)
        assert of_round.count(AlreadyThere(key=key)) == WRITERS - 1, (key, of_round)
        assert read(key) == body_of(version, winners[0])


def drawn_faults(seed: int, *, share: float) -> Callable[[str, str], Fault]:
    """Spoil a share of the puts, and half that share of the looks that follow them."""
    drawing = random.Random(seed)

    def choose(method: str, path: str) -> Fault:
        if method == "PUT":
            return drawing.choice(PUT_FAULTS) if drawing.random() < share else Fault.NONE
        return drawing.choice(LOOK_FAULTS) if drawing.random() < share / 2 else Fault.NONE

    return choose


@pytest.mark.parametrize(
    "rounds", [300, pytest.param(10_000, marks=[pytest.mark.slow, pytest.mark.timeout(1200)])]
)
def test_exactly_one_of_eight_wins_on_a_faulty_memory(rounds: int) -> None:
    client = FaultyMemoryClient(seed=rounds, fault_share=0.3)
    service = ObjectStorageService(
        client, steps=ObjectSteps(store="faulty", policy=IMPATIENT), root_uri="memory:///"
    )
    outcomes = race(rounds, lambda writer: service)
    assert_one_winner_each(outcomes, client.get)
    assert all(client.faults[fault] > rounds / 20 for fault in FAULTS), client.faults


@pytest.mark.parametrize(
    "rounds", [8, pytest.param(200, marks=[pytest.mark.slow, pytest.mark.timeout(1800)])]
)
def test_exactly_one_of_eight_wins_on_a_server_behind_a_faulty_network(
    cloud: tuple[Server, Callable[..., ObjectStorageService]], rounds: int
) -> None:
    server, make = cloud
    with FaultProxy(server.port, drawn_faults(rounds, share=0.3)) as proxy:
        outcomes = race(rounds, lambda writer: make(port=proxy.port, retries=IMPATIENT))
    assert_one_winner_each(outcomes, make().read)


@pytest.mark.parametrize("fault", PUT_FAULTS)
def test_a_lone_writer_wins_whatever_happens_to_its_first_put(
    cloud: tuple[Server, Callable[..., ObjectStorageService]], fault: Fault
) -> None:
    server, make = cloud
    with FaultProxy(server.port, first_put_only(fault)) as proxy:
        outcome = make(port=proxy.port, retries=IMPATIENT).put_if_absent("key", b"body")
    assert isinstance(outcome, Created)
    assert outcome.stat.etag == make().stat("key").etag
    assert make().read("key") == b"body"


@pytest.mark.parametrize("fault", PUT_FAULTS)
def test_whoever_comes_second_loses_whatever_happens_to_its_first_put(
    cloud: tuple[Server, Callable[..., ObjectStorageService]], fault: Fault
) -> None:
    server, make = cloud
    make().put_if_absent("key", b"body")
    with FaultProxy(server.port, first_put_only(fault)) as proxy:
        outcome = make(port=proxy.port, retries=IMPATIENT).put_if_absent("key", b"body")
    assert outcome == AlreadyThere(key="key")


def first_put_only(fault: Fault) -> Callable[[str, str], Fault]:
    faults = iter([fault])
    return lambda method, path: next(faults, Fault.NONE) if method == "PUT" else Fault.NONE
