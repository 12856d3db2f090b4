"""What is decided about files is the same with condensed histories as from all batches, whatever happened before.

The oracle keeps each path's whole history in a dict, and reads every batch of the table.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, BinaryIO

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from lakehouse.ingestion import (
    CsvFormat,
    FileInputs,
    FileTracker,
    LandedFile,
    LandingZone,
    Listing,
    Rejected,
    SeenFiles,
    TrackedFile,
    seen_files,
)
from lakehouse.pipelines import Batch, FileSource
from lakehouse.pipelines.refresh import taken_batches
from lakehouse.pipelines.refresh.batches import BatchLog
from lakehouse.pipelines.refresh.condensed_histories import CondensedHistories
from lakehouse.pipelines.refresh.taken_batches import TakenBatches
from lakehouse.source_location import caller_location
from lakehouse.storage import MemoryStorageService

NAMES = st.sampled_from([f"/in/{letter}.csv" for letter in "abcdefgh"])
TEXTS = st.sampled_from(["id\n1\n", "id\n2\n", "id\n1\n2\n", "no\n1\n", "id;x\n1;2\n", ""])
FORM = FileSource.condensed_as
DAY = 24 * 3600.0


class Folder(LandingZone):
    """Files in memory; one that is locked can't be opened."""

    at_rest_seconds = 0.0

    def __init__(self) -> None:
        self.files_there: dict[str, tuple[bytes, int]] = {}
        self.locked: set[str] = set()
        self.writes = 0

    @property
    def name(self) -> str:
        return "/in/*.csv"

    @property
    def root(self) -> str:
        return "/in"

    def put(self, path: str, text: str) -> None:
        self.writes += 1
        self.files_there[path] = (text.encode(), self.writes)

    def check(self) -> None:
        return None

    def listed(self, *, after: str = "") -> Iterator[Listing]:
        paths = sorted(path for path in self.files_there if path > after)
        for start in range(0, len(paths), 3):
            yield Listing.of(list(self.now(paths[start : start + 3]).values()))

    def now(self, paths: Collection[str]) -> Mapping[str, LandedFile]:
        return {
            path: LandedFile(path=path, size_bytes=len(body), modified_ms=written)
            for path in paths
            for body, written in [self.files_there.get(path, (b"", 0))]
            if written
        }

    def open(self, file: LandedFile) -> BinaryIO:
        if file.path in self.locked:
            raise PermissionError(13, "Permission denied")
        return io.BytesIO(self.files_there[file.path][0])

    def check_opens(self, file: LandedFile) -> None:
        self.open(file).close()


def expected(
    folder: Folder, file_format: CsvFormat, history: Sequence[Mapping[str, Any]], declared: str
) -> dict:
    """Return what the next batch must say, path to reason, by each path's history from the first batch on."""
    by_path: dict[str, list[TrackedFile]] = {}
    for inputs in history:
        for file in FileInputs.of(inputs).files:
            by_path.setdefault(file.path, []).append(file)
    found: dict[str, str | None] = {}
    for path, (body, written) in sorted(folder.files_there.items()):
        before = by_path.get(path, [])
        same = [file for file in before if file.state == (len(body), written)]
        if same and (same[-1].reason is None or is_final(same[-1], declared)):
            continue
        if path in folder.locked:
            digest, reason = (
                "unreadable it can't be read (Permission denied)",
                "it can't be read (Permission denied)",
            )
        else:
            inspection = file_format.inspect(io.BytesIO(body), name=path)
            digest = inspection.digest
            reason = inspection.reason if isinstance(inspection, Rejected) else None
        taken = [file.digest for file in before if file.reason is None]
        if digest in taken:
            continue
        if taken and not digest.startswith("unreadable"):
            reason = "it was taken before, with other content"
        if reason is None or (digest, reason) not in [(file.digest, file.reason) for file in before]:
            found[path] = reason
    return found


def is_final(file: TrackedFile, declared: str) -> bool:
    return not file.digest.startswith("unreadable") and file.declaration == declared


class Histories(RuleBasedStateMachine):
    """One table that reads one folder; batches, restored backups, corrections, kills and losses."""

    names_grow = False

    def __init__(self) -> None:
        super().__init__()
        self.folder, self.storage = Folder(), MemoryStorageService()
        self.delimiter, self.now = ",", 1e9
        self.chain: list[int] = []
        self.next = 0
        self.source = FileSource(pattern="/in/*.csv", format=self.format(), location=caller_location())

    def format(self) -> CsvFormat:
        return CsvFormat(columns=("id",), delimiter=self.delimiter)

    def tracker(self) -> FileTracker:
        return FileTracker(
            zone=self.folder, file_format=self.format(), names_grow=self.names_grow, clock=lambda: self.now
        )

    def taken(self) -> TakenBatches:
        batches = BatchLog(self.storage, layer="bronze", table="t")
        condensed = CondensedHistories(self.storage, layer="bronze", table="t")
        return TakenBatches(batches, condensed, last=self.chain[-1] if self.chain else None)

    def decided(self) -> FileInputs | None:
        history = self.taken().condensed(FORM)
        seen = SeenFiles(history.body, history.since)
        return self.tracker().inspected(self.tracker().candidates(seen), seen)

    def oracle(self) -> dict[str, str | None]:
        declared = self.tracker()._declaration()
        return expected(self.folder, self.format(), list(self.taken()), declared)

    @rule(path=NAMES, text=TEXTS)
    def put(self, path: str, text: str) -> None:
        self.folder.put(path, text)

    @rule(path=NAMES)
    def touch(self, path: str) -> None:
        if path in self.folder.files_there:
            self.folder.put(path, self.folder.files_there[path][0].decode())

    @rule(path=NAMES)
    def remove(self, path: str) -> None:
        self.folder.files_there.pop(path, None)

    @rule(path=NAMES)
    def lock_or_open(self, path: str) -> None:
        self.folder.locked ^= {path}

    @rule(delimiter=st.sampled_from(",;"))
    def correct(self, delimiter: str) -> None:
        self.delimiter = delimiter

    @rule(is_killed=st.booleans(), is_abandoned=st.booleans())
    def take(self, is_killed: bool, is_abandoned: bool) -> None:
        inputs = self.decided()
        if inputs is None:
            return
        last = self.chain[-1] if self.chain else None
        batch = Batch(
            flow="f",
            number=self.next,
            planned_at="",
            starts_over=last is None,
            fingerprint="f",
            follows=last,
            inputs=inputs.as_json(),
            pinned={},
        )
        BatchLog(self.storage, layer="bronze", table="t").decide(batch)
        self.next += 1
        if is_abandoned:
            return
        self.chain.append(batch.number)
        if not is_killed:
            self.taken().condense(self.source)

    @precondition(lambda self: self.chain)
    @rule(data=st.data())
    def restore_a_backup(self, data: st.DataObject) -> None:
        del self.chain[data.draw(st.integers(0, len(self.chain))) :]

    @rule(data=st.data(), tear=st.booleans())
    def lose_what_is_condensed(self, data: st.DataObject, tear: bool) -> None:
        keys = [stat.key for stat in self.storage.list("system/condensed/")]
        for key in data.draw(st.lists(st.sampled_from(keys), unique=True)) if keys else []:
            body = self.storage.read(key)
            self.storage.delete(key)
            if tear:
                self.storage.write(key, body[: len(body) // 2])

    @invariant()
    def the_next_batch_is_the_oracles(self) -> None:
        found = self.decided()
        news = {} if found is None else {file.path: file.reason for file in found.new()}
        assert news == self.oracle()

    @invariant()
    def no_content_is_taken_twice_under_one_path(self) -> None:
        files = [
            file for inputs in self.taken() for file in FileInputs.of(inputs).new() if file.reason is None
        ]
        assert len({file.path for file in files}) == len(files)


class GrowingNames(Histories):
    """The same where names should grow, and don't: what is missed is found the next day."""

    names_grow = True

    @rule(hours=st.integers(1, 30))
    def wait(self, hours: int) -> None:
        self.now += hours * 3600

    @invariant()
    def the_next_batch_is_the_oracles(self) -> None:
        found, oracle = self.decided(), self.oracle()
        news = {} if found is None else {file.path: file.reason for file in found.new()}
        assert news.items() <= oracle.items()
        listing = FileInputs.of(self.taken()[-1]).listing if self.chain else None
        through = listing.through if listing is not None else ""
        assert {path for path in oracle if path > through} <= news.keys()
        self.now += DAY
        found = self.decided()
        self.now -= DAY
        assert ({} if found is None else {file.path: file.reason for file in found.new()}) == oracle


@pytest.fixture(autouse=True)
def small_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a few batches and a few files be many."""
    monkeypatch.setattr(taken_batches, "_MANY_BATCHES", 2)
    monkeypatch.setattr(seen_files, "_GROUP_ROWS", 2)


@pytest.mark.parametrize("machine", [Histories, GrowingNames], ids=lambda machine: machine.__name__)
def test_a_condensed_history_decides_as_the_whole_one_does(machine: type[Histories]) -> None:
    case = machine.TestCase
    case.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
    case().runTest()
