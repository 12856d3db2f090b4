"""Work by several processes: what an item does to its worker costs that item, and nothing else."""

from __future__ import annotations

import errno
import functools
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lakehouse.ingestion import (
    InvalidWorkError,
    NotProcessed,
    ParallelDataProcessor,
    Processed,
    WorkerStartError,
)
from tests.unit.ingestion.processes.worked_items import (
    NotImportable,
    dies_once,
    doubled,
    leaves_a_child,
    slow_when_even,
    worker_of,
)

KILLED = "the worker process was ended by SIGKILL (the system may be out of memory)"


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def wait_until_gone(pids: set[int], *, seconds: float) -> None:
    until = time.monotonic() + seconds
    while any(map(is_alive, pids)) and time.monotonic() < until:
        time.sleep(0.02)
    assert not any(map(is_alive, pids))


def test_items_that_fail_or_kill_their_worker_come_back_with_the_reason_and_the_others_with_their_value() -> (
    None
):
    bad = {
        "raise": (1, "ValueError: a bad file"),
        "exit": (2, "the worker process ended with exit code 3"),
        "kill": (2, KILLED),
        "crash": (2, "the worker process was ended by SIGSEGV"),
        "leave": (2, "the worker process ended with exit code 5"),
    }
    good = list(range(40))
    items: list[object] = [*good]
    for at, item in enumerate(bad):
        items.insert(3 + 5 * at, item)
    outcomes = list(ParallelDataProcessor(doubled, processes=2).imap_unordered(items))
    values = {each.item: each.value for each in outcomes if isinstance(each, Processed)}
    failed = {each.item: (each.attempts, each.reason) for each in outcomes if isinstance(each, NotProcessed)}
    assert values == {item: 2 * item for item in good}
    assert failed == bad
    assert len(outcomes) == len(items)
    details = {each.item: each.details for each in outcomes if isinstance(each, NotProcessed)}
    assert "in doubled" in details["raise"]


@pytest.mark.timeout(120)
def test_a_worker_whose_own_child_outlives_it_is_noticed(tmp_path: Path) -> None:
    held = tmp_path / "held"
    held.touch()
    processor = ParallelDataProcessor(leaves_a_child, processes=1, retries_after_death=0)
    (outcome,) = processor.imap_unordered([str(held)])
    held.unlink()
    assert outcome == NotProcessed(
        item=str(held), reason="the worker process ended with exit code 7", attempts=1
    )


def test_values_and_items_that_cant_be_sent_fail_alone() -> None:
    lock = threading.Lock()
    outcomes = {
        str(each.item): each
        for each in ParallelDataProcessor(doubled, processes=1).imap([1, "unpicklable value", lock, 2])
    }
    assert outcomes["1"] == Processed(item=1, value=2)
    assert outcomes["2"] == Processed(item=2, value=4)
    assert "cannot pickle '_thread.lock' object" in outcomes["unpicklable value"].reason  # type: ignore[union-attr]
    assert "it can't be sent to a worker" in outcomes[str(lock)].reason  # type: ignore[union-attr]


def test_a_worker_that_dies_costs_its_item_a_retry_and_order_is_kept_on_request(tmp_path: Path) -> None:
    work = functools.partial(dies_once, str(tmp_path))
    outcomes = list(ParallelDataProcessor(work, processes=2).imap(range(8)))
    assert outcomes == [Processed(item=n, value=n, attempts=1 + n % 2) for n in range(8)]


def test_results_come_as_they_are_done_and_items_are_taken_only_when_a_worker_is_free() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for number in range(12):
            taken.append(number)
            yield number

    outcomes = ParallelDataProcessor(slow_when_even, processes=2).imap_unordered(items())
    order, ahead = [], []
    for done, outcome in enumerate(outcomes):
        order.append(outcome.item)
        ahead.append(len(taken) - done)
    assert sorted(order) == list(range(12))
    assert order != sorted(order)
    assert max(ahead) <= 2


def test_an_item_in_order_holds_back_only_a_bounded_number_of_others() -> None:
    taken: list[int] = []

    def items() -> Iterator[str | int]:
        yield "hang"
        for number in range(100):
            taken.append(number)
            yield number

    processor = ParallelDataProcessor(doubled, processes=2, item_timeout_seconds=3, retries_after_death=0)
    outcomes = processor.imap(items())
    first = next(outcomes)
    assert first == NotProcessed(item="hang", reason="it takes longer than 3 seconds", attempts=1)
    assert len(taken) == 2 * 4 - 1
    assert [each.item for each in outcomes] == list(range(100))


def test_workers_end_with_the_iterator_and_with_an_error_of_the_items() -> None:
    outcomes = ParallelDataProcessor(worker_of, processes=2).imap_unordered(range(100))
    pids = {each.value for each in (next(outcomes), next(outcomes)) if isinstance(each, Processed)}
    outcomes.close()
    wait_until_gone(pids, seconds=0)

    seen: set[int] = set()

    def items() -> Iterator[int]:
        yield from range(3)
        raise OSError("the listing broke")

    broken = ParallelDataProcessor(worker_of, processes=2).imap_unordered(items())
    with pytest.raises(OSError, match="the listing broke"):
        seen.update(each.value for each in broken if isinstance(each, Processed))
    wait_until_gone(seen, seconds=0)


PROGRAM = """
import os, signal, sys, time
from lakehouse.ingestion import ParallelDataProcessor

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs inherit that it is ignored

def forever(item):
    print(os.getpid(), flush=True)
    time.sleep(600)

if __name__ == "__main__":
    list(ParallelDataProcessor(forever, processes=2).imap_unordered(range(10)))
"""


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_all_children_end_at_once_with_ctrl_c_and_with_a_parent_that_is_killed(
    tmp_path: Path, end: signal.Signals
) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    parent = subprocess.Popen(
        [sys.executable, program],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert parent.stdout is not None
    children = {int(parent.stdout.readline()), int(parent.stdout.readline())}
    if end is signal.SIGINT:
        os.killpg(parent.pid, end)  # as a terminal does: to every process of the group
    else:
        parent.kill()
    _, errors = parent.communicate(timeout=20)
    wait_until_gone(children, seconds=5)
    assert parent.returncode == -end
    assert errors.count("KeyboardInterrupt") == (1 if end is signal.SIGINT else 0)


def test_a_program_without_a_main_guard_is_told_so(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM.replace('if __name__ == "__main__":', "if True:"))
    done = subprocess.run([sys.executable, program], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert "a worker process can't start" in last
    assert "Fix: begin the program under if __name__ == '__main__':" in last


def test_work_that_no_process_can_do_is_refused() -> None:
    with pytest.raises(
        InvalidWorkError, match=r"<lambda>' can't be sent to a process.*Fix: give a function at the"
    ):
        ParallelDataProcessor(lambda item: item)
    with pytest.raises(InvalidWorkError, match="0 processes can't work"):
        ParallelDataProcessor(doubled, processes=0)
    with pytest.raises(WorkerStartError, match="No module named 'a_module_that_is_not_there'"):
        list(ParallelDataProcessor(NotImportable(), processes=1).imap_unordered([1]))


def test_a_death_is_noticed_where_the_system_gives_no_descriptors_of_processes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refused(_: int) -> int:
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(os, "pidfd_open", refused, raising=False)
    processor = ParallelDataProcessor(doubled, processes=1, retries_after_death=0)
    assert list(processor.imap_unordered(["kill"])) == [NotProcessed(item="kill", reason=KILLED, attempts=1)]


def test_a_task_of_spark_starts_no_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pyspark.TaskContext.get", classmethod(lambda _: object()))
    with pytest.raises(InvalidWorkError, match="inside a task of Spark, whose cores are taken"):
        next(ParallelDataProcessor(doubled, processes=1).imap_unordered([1]))
