"""Every kind of transaction against every kind of commit that was made meanwhile.

Each cell follows from the rules of delta-spark 4.4's ConflictChecker. The table is partitioned by ``p``; file
A lies in p=1 and file B in p=2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from lakehouse.delta_log import (
    Action,
    AddFile,
    CommitInfo,
    DomainMetadata,
    MetadataChange,
    ProtocolChange,
    RemoveFile,
    SetTransaction,
)
from lakehouse.delta_log.errors import (
    CommitIdentity,
    ConcurrentAppendException,
    ConcurrentDeleteDeleteException,
    ConcurrentDeleteReadException,
    ConcurrentTransactionException,
    DeltaConcurrentModificationException,
    MetadataChangedException,
    ProtocolChangedException,
)
from lakehouse.delta_log.transaction.conflicts import (
    NOTHING_READ,
    WHOLE_TABLE,
    Attempt,
    ReadPredicate,
    ReadSet,
    WinningCommit,
    effective_level,
    find_conflict,
)
from lakehouse.delta_log.transaction.conflicts.isolation import IsolationLevel

METADATA = MetadataChange(
    id="t", schema_string='{"type":"struct","fields":[]}', partition_columns=["p"], configuration={}
)
PROTOCOL = ProtocolChange(min_reader_version=1, min_writer_version=2)


def add(path: str, p: str, *, data_change: bool = True) -> AddFile:
    return AddFile(path=path, partition_values={"p": p}, size_bytes=1, modified_ms=0, data_change=data_change)


def remove(path: str, *, data_change: bool = True) -> RemoveFile:
    return RemoveFile(path=path, data_change=data_change)


def metadata(**changes: object) -> MetadataChange:
    fields = {name: getattr(METADATA, name) for name in METADATA.__struct_fields__}
    return MetadataChange(**{**fields, **changes})


def protocol(*features: str) -> ProtocolChange:
    known = ["appendOnly", "invariants", *features]
    return ProtocolChange(min_reader_version=1, min_writer_version=7, writer_features=known)


P1 = ReadPredicate(text="p = 1", may_match=lambda values: values["p"] == "1")
TXN_X = SetTransaction(application_id="X", version=1)
DOMAIN_D = DomainMetadata(domain="D", configuration="{}", removed=False)
OTHER_COLUMNS = metadata(schema_string='{"type":"struct","fields":[{}]}')
COMPACTED_A = [remove("A", data_change=False), add("A2", "1", data_change=False)]

MINE: Mapping[str, tuple[ReadSet, Sequence[Action]]] = {
    "blind append": (NOTHING_READ, [add("N", "1")]),
    "append of what p=1 gave": (ReadSet(predicates=(P1,), files=frozenset("A")), [add("N", "2")]),
    "delete of A": (ReadSet(predicates=(P1,), files=frozenset("A")), [remove("A")]),
    "overwrite": (
        ReadSet(predicates=(WHOLE_TABLE,), files=frozenset("AB")),
        [remove("A"), remove("B"), add("N", "1")],
    ),
    "compaction of A": (ReadSet(files=frozenset("A")), COMPACTED_A),
    "removal of A, unread": (NOTHING_READ, [remove("A")]),
    "all files read": (ReadSet(files=frozenset("AB")), [add("N", "1")]),
    "new columns": (NOTHING_READ, [metadata(name="x")]),
    "new columns, p=1 read": (ReadSet(predicates=(P1,), files=frozenset("A")), [metadata(name="x")]),
    "upgrade": (NOTHING_READ, [protocol("changeDataFeed")]),
    "append as X": (NOTHING_READ, [add("N", "1"), TXN_X]),
    "append, X asked": (ReadSet(applications=frozenset("X")), [add("N", "1")]),
    "domain D": (NOTHING_READ, [DOMAIN_D]),
}
BLIND, SEEING = CommitInfo(is_blind_append=True), CommitInfo(is_blind_append=False)
WINNERS: Mapping[str, Sequence[Action]] = {
    "blind append, p=1": [BLIND, add("W", "1")],
    "blind append, p=2": [BLIND, add("W", "2")],
    "append after reading, p=1": [SEEING, add("W", "1")],
    "append after reading, p=2": [SEEING, add("W", "2")],
    "append that says nothing, p=1": [add("W", "1")],
    "delete of A": [SEEING, remove("A")],
    "delete of B": [SEEING, remove("B")],
    "compaction of A": [SEEING, *COMPACTED_A],
    "new columns": [SEEING, OTHER_COLUMNS],
    "deletion vectors on": [SEEING, metadata(configuration={"delta.enableDeletionVectors": "true"})],
    "feature that may come": [SEEING, protocol("changeDataFeed")],
    "feature that disturbs": [SEEING, protocol("checkConstraints")],
    "progress of X": [SEEING, TXN_X],
    "progress of Y": [SEEING, SetTransaction(application_id="Y", version=1)],
    "domain D": [SEEING, DOMAIN_D],
}
ERRORS: Mapping[str, type[DeltaConcurrentModificationException] | None] = {
    ".": None,
    "A": ConcurrentAppendException,
    "R": ConcurrentDeleteReadException,
    "D": ConcurrentDeleteDeleteException,
    "M": MetadataChangedException,
    "P": ProtocolChangedException,
    "T": ConcurrentTransactionException,
}

# One letter a winner, in the order of WINNERS; the second text is of a Serializable table.
MATRIX: Mapping[str, tuple[str, str]] = {
    # ................... bbnn- AB c m v f F X Y D
    "blind append": ("..... .. . M . . P . . .", "..... .. . M . . P . . ."),
    "append of what p=1 gave": ("..A.A R. A M . . P . . .", "A.A.A R. A M . . P . . ."),
    "delete of A": ("..A.A R. A M . . P . . .", "A.A.A R. A M . . P . . ."),
    "overwrite": ("..AAA RR A M . . P . . .", "AAAAA RR A M . . P . . ."),
    "compaction of A": ("..... R. R M . . P . . .", "..... R. R M . . P . . ."),
    "removal of A, unread": ("..... D. D M . . P . . .", "..... D. D M . . P . . ."),
    "all files read": ("..... RR R M . . P . . .", "..... RR R M . . P . . ."),
    "new columns": ("..... .. . M M . P . . .", "..... .. . M M . P . . ."),
    "new columns, p=1 read": ("A.A.A R. A M M . P . . .", "A.A.A R. A M M . P . . ."),
    "upgrade": ("..... .. . M . P P . . .", "..... .. . M . P P . . ."),
    "append as X": ("..... .. . M . . P T . .", "..... .. . M . . P T . ."),
    "append, X asked": ("..... .. . M . . P T . .", "..... .. . M . . P T . ."),
    "domain D": ("..... .. . M . . P . . T", "..... .. . M . . P . . T"),
}


def cells() -> list[tuple[IsolationLevel, str, str, str]]:
    levels = (IsolationLevel.WRITE_SERIALIZABLE, IsolationLevel.SERIALIZABLE)
    return [
        (level, mine, winner, letter)
        for mine, rows in MATRIX.items()
        for level, row in zip(levels, rows, strict=True)
        for winner, letter in zip(WINNERS, row.replace(" ", ""), strict=True)
    ]


def conflict_of(mine: str, winner: str, level: IsolationLevel) -> DeltaConcurrentModificationException | None:
    reads, actions = MINE[mine]
    attempt = Attempt(
        table="t",
        identity=CommitIdentity(operation="MINE", transaction_id="mine", version=7),
        reads=reads,
        actions=actions,
        isolation=effective_level(level, actions),
        metadata=METADATA,
        protocol=PROTOCOL,
    )
    return find_conflict(attempt, WinningCommit(version=8, actions=WINNERS[winner]))


def test_the_matrix_has_a_cell_for_every_pair() -> None:
    assert set(MATRIX) == set(MINE)
    assert len(cells()) == 2 * len(MINE) * len(WINNERS)


@pytest.mark.parametrize(("level", "mine", "winner", "letter"), cells())
def test_a_transaction_meets_a_commit(level: IsolationLevel, mine: str, winner: str, letter: str) -> None:
    conflict = conflict_of(mine, winner, level)
    assert (None if conflict is None else type(conflict)) is ERRORS[letter]


def test_an_error_names_both_commits_what_they_share_and_the_way_out() -> None:
    conflict = conflict_of("delete of A", "delete of A", IsolationLevel.WRITE_SERIALIZABLE)
    text = str(conflict)
    assert "MINE (txnId mine), which read version 7" in text
    assert "version 8" in text
    assert "'A'" in text
    assert "Fix: run the transaction again" in text


@pytest.mark.parametrize("spelling", ["A%20b", "A b"])
def test_paths_are_compared_without_regard_to_their_spelling(spelling: str) -> None:
    attempt = Attempt(
        table="t",
        identity=CommitIdentity(operation="MINE", transaction_id="mine", version=7),
        reads=NOTHING_READ,
        actions=[remove("A%20b")],
        isolation=IsolationLevel.WRITE_SERIALIZABLE,
        metadata=METADATA,
        protocol=PROTOCOL,
    )
    winner = WinningCommit(version=8, actions=[remove(spelling)])
    assert isinstance(find_conflict(attempt, winner), ConcurrentDeleteDeleteException)


def test_a_commit_that_creates_the_table_meets_another_that_does() -> None:
    attempt = Attempt(
        table="t",
        identity=CommitIdentity(operation="CREATE TABLE", transaction_id="mine", version=-1),
        reads=NOTHING_READ,
        actions=[PROTOCOL, METADATA],
        isolation=IsolationLevel.WRITE_SERIALIZABLE,
        metadata=None,
        protocol=None,
    )
    winner = WinningCommit(version=0, actions=[PROTOCOL, METADATA])
    assert isinstance(find_conflict(attempt, winner), ProtocolChangedException)
