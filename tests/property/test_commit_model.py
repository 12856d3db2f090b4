"""No crash, delay or lost answer between any two storage calls loses, doubles or tears a commit."""

from __future__ import annotations

import contextlib
import itertools
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from lakehouse.delta_log import AddFile, TransactionManager
from lakehouse.delta_log.commit import Commit
from lakehouse.delta_log.commit_protocols import AlreadyTaken, CommitProtocol, PutIfAbsentProtocol, Visible
from lakehouse.delta_log.errors import (
    CommitBudgetSpentError,
    CommitOutcomeUnknownError,
    DeltaConcurrentModificationException,
    FileNotLiveError,
)
from lakehouse.delta_log.transaction import Backoff
from lakehouse.errors import LakehouseError, StorageError
from lakehouse.storage import AbstractStorageService, MemoryStorageService
from tests.property.stepped_storage import Fate, SteppedStorage, Writer

SEED_FILE = "seed.parquet"
FATES = st.sampled_from([Fate.WORKS] * 6 + [fate for fate in Fate if fate is not Fate.WORKS])


def a_file(path: str) -> AddFile:
    return AddFile(path=path, partition_values={}, size_bytes=1, modified_ms=0, data_change=True)


def new_table() -> MemoryStorageService:
    store = MemoryStorageService()
    schema = '{"type":"struct","fields":[]}'
    first = [
        {"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}},
        {"metaData": {"id": "t", "format": {"provider": "parquet", "options": {}}, "schemaString": schema,
                      "partitionColumns": [], "configuration": {}}},
        {"add": {"path": SEED_FILE, "partitionValues": {}, "size": 1, "modificationTime": 0,
                 "dataChange": True}},
    ]  # fmt: skip
    store.put_if_absent(f"_delta_log/{0:020d}.json", msgspec.json.Encoder().encode_lines(first))
    return store


class Attempt:
    """One transaction of one writer, and what the writer was told about it."""

    def __init__(self, machine: CommitMachine, number: int, *, removes_seed: bool) -> None:
        self.removes_seed = removes_seed
        self.path = f"file-{number}.parquet"
        self.transaction_id: str | None = None
        self.acknowledged: int | None = None
        self.refused = False
        self._machine = machine
        self.writer = Writer(self._run, machine.in_flight)

    def _run(self, writer: Writer) -> None:
        store = SteppedStorage(self._machine.store, writer)
        ticks = itertools.count()
        backoff = Backoff(budget_seconds=60, sleep=lambda seconds: None, clock=lambda: float(next(ticks)))
        manager = TransactionManager(storage=store, protocol=self._machine.protocol(store), backoff=backoff)
        try:
            transaction = manager.start_transaction("table")
            self.transaction_id = transaction.transaction_id
            transaction.add(a_file(self.path))
            if self.removes_seed:
                transaction.remove(SEED_FILE)
            self.acknowledged = manager.commit_transaction(transaction)
        except (DeltaConcurrentModificationException, CommitBudgetSpentError, FileNotLiveError):
            self.refused = True
        except (StorageError, CommitOutcomeUnknownError):
            pass  # the writer doesn't know, and says so


class CommitMachine(RuleBasedStateMachine):
    """Up to four writers of one table, whose storage calls are interleaved and fail in every way.

    Not more, for a reader takes five commits at once: in threads, whose order no test decides.
    """

    protocol: Callable[[AbstractStorageService], CommitProtocol] = PutIfAbsentProtocol

    def __init__(self) -> None:
        super().__init__()
        self.store = new_table()
        self.in_flight: list[Callable[[], Any]] = []
        self.attempts: list[Attempt] = []

    @precondition(lambda self: len(self.attempts) < 4)
    @rule(removes_seed=st.booleans())
    def begin(self, removes_seed: bool) -> None:
        self.attempts.append(Attempt(self, len(self.attempts), removes_seed=removes_seed))

    @precondition(lambda self: self.running())
    @rule(data=st.data(), fate=FATES, calls=st.integers(1, 8))
    def step(self, data: st.DataObject, fate: Fate, calls: int) -> None:
        writer = data.draw(st.sampled_from(self.running())).writer
        for _ in range(calls - 1):
            if not writer.finished:
                writer.step(Fate.WORKS)
        if not writer.finished:
            writer.step(fate)

    @precondition(lambda self: self.in_flight)
    @rule(data=st.data())
    def arrive(self, data: st.DataObject) -> None:
        self._deliver(data.draw(st.integers(0, len(self.in_flight) - 1)))

    @rule()
    def wait(self) -> None:
        """When all writers are through, time passes."""

    @invariant()
    def every_promise_is_kept(self) -> None:
        log = self.log()
        written = Counter(identity for identity, _ in log)
        for attempt in self.attempts:
            count = written[attempt.transaction_id] if attempt.transaction_id else 0
            assert count <= 1, "doubled"
            if attempt.acknowledged is not None:
                assert log[attempt.acknowledged][0] == attempt.transaction_id, "lost"
            assert not (attempt.refused and count), "refused, and yet there"
        removals = sum(SEED_FILE in removed for _, removed in log)
        assert removals <= 1, "a file that was gone was removed"

    def teardown(self) -> None:
        for attempt in self.attempts:
            while not attempt.writer.finished:
                attempt.writer.step(Fate.WORKS)
        while self.in_flight:
            self._deliver(0)
        self.every_promise_is_kept()

    def running(self) -> list[Attempt]:
        return [attempt for attempt in self.attempts if not attempt.writer.finished]

    def log(self) -> list[tuple[str | None, Sequence[str]]]:
        """For each version its transaction id and the files it removes, parsed without our own parser."""
        keys = [stat.key for stat in self.store.list("_delta_log/") if stat.key.endswith(".json")]
        assert keys == [f"_delta_log/{version:020d}.json" for version in range(len(keys))], "a gap"
        entries: list[tuple[str | None, Sequence[str]]] = []
        for key in keys:
            lines = [msgspec.json.decode(line) for line in self.store.read(key).splitlines()]
            assert all(len(line) == 1 for line in lines), "torn"
            info = next((line["commitInfo"] for line in lines if "commitInfo" in line), {})
            assert not info or any("add" in line for line in lines), "torn"
            entries.append(
                (info.get("txnId"), [line["remove"]["path"] for line in lines if "remove" in line])
            )
        return entries

    def _deliver(self, index: int) -> None:
        with contextlib.suppress(LakehouseError):
            self.in_flight.pop(index)()


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Checksums fail here as everything does, and each failure would be told."""
    monkeypatch.setattr(logging.getLogger("lakehouse.delta_log.transaction.after_commit"), "disabled", True)


MODEL = settings(
    max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
TestCommitProtocol = CommitMachine.TestCase
TestCommitProtocol.settings = MODEL


@pytest.mark.slow
def test_the_model_holds_over_many_more_histories() -> None:
    run_state_machine_as_test(CommitMachine, settings=settings(MODEL, max_examples=5_000))


# ---- the model finds what is broken on purpose ----


class LooksThenWrites(PutIfAbsentProtocol):
    """As a log store does that checks and then renames."""

    def publish(self, version: int, commit: Commit) -> Visible | AlreadyTaken:
        if self.has(version):
            return AlreadyTaken(version=version)
        self._storage.write(f"_delta_log/{version:020d}.json", commit.body)
        return Visible(version=version)


class WritesInTwoParts(PutIfAbsentProtocol):
    """As a file that is opened under its last name."""

    def publish(self, version: int, commit: Commit) -> Visible | AlreadyTaken:
        first = commit.body[: commit.body.index(b"\n") + 1]
        self._storage.put_if_absent(f"_delta_log/{version:020d}.json", first)
        self._storage.write(f"_delta_log/{version:020d}.json", commit.body)
        return Visible(version=version)


class TakesNoAnswerForNo(PutIfAbsentProtocol):
    """Believes that what failed did not happen, and says so."""

    def publish(self, version: int, commit: Commit) -> Visible | AlreadyTaken:
        try:
            return super().publish(version, commit)
        except StorageError:
            raise CommitBudgetSpentError(table="t", version=version, tries=1, budget_seconds=0) from None


class TakesTakenForDone(PutIfAbsentProtocol):
    """Doesn't look whose commit it is that holds the version."""

    def publish(self, version: int, commit: Commit) -> Visible | AlreadyTaken:
        super().publish(version, commit)
        return Visible(version=version)


@pytest.mark.parametrize(
    "broken",
    [LooksThenWrites, WritesInTwoParts, TakesNoAnswerForNo, TakesTakenForDone],
    ids=lambda c: c.__name__,
)
def test_the_model_finds_a_protocol_that_is_broken_on_purpose(broken: type[PutIfAbsentProtocol]) -> None:
    machine = type("BrokenMachine", (CommitMachine,), {"protocol": broken})
    patient = settings(MODEL, max_examples=2_000, phases=[Phase.generate], derandomize=True, database=None)
    with pytest.raises(AssertionError, match=r"lost|doubled|torn|gap|refused|gone"):
        run_state_machine_as_test(machine, settings=patient)
