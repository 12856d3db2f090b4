"""What maintenance does to a table: its files change and its rows never, it pays, and what doesn't help is undone."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

from lakehouse.delta_log import (
    AddFile,
    MetadataChange,
    SharedWrite,
    Snapshot,
    Transaction,
    TransactionManager,
    WrittenFile,
    col,
)
from lakehouse.optimization import (
    Checkpointing,
    Clustering,
    Compaction,
    DeletionVectorPurge,
    Load,
    ProbeTimes,
    QueryOptimizer,
    ReadingProbe,
    Rewrite,
    RewriteProposal,
    RewritingStrategy,
    RowsNotKeptError,
    Stage,
    Status,
    Strategy,
    TableFacts,
    UnclusterableColumnError,
    Vacuuming,
    Workload,
    WorthRule,
)
from lakehouse.tables import TableLog
from tests.own_words import known_by
from tests.unit.optimization.optimized_tables import (
    MANAGER,
    append,
    changed_rows,
    delete_by_vector,
    file_count,
    points,
    rows_of,
)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A table of twelve small files."""
    for seed in range(12):
        append(tmp_path / "t", points(seed))
    return tmp_path / "t"


def optimizer(*strategies: Strategy, reads: float = 10) -> QueryOptimizer:
    return QueryOptimizer(strategies, rule=WorthRule(reads=reads), manager=MANAGER)


def test_small_files_become_one_and_no_reader_sees_a_change(table: Path) -> None:
    before = rows_of(table)
    [outcome] = optimizer(Compaction()).maintain(str(table))
    assert (outcome.status, outcome.version) == (Status.DONE, 12)
    assert file_count(table) == 1
    assert rows_of(table) == before
    assert changed_rows(table, 12) == [False] * 13
    assert (outcome.measured_before.files, outcome.measured_after.files) == (12, 1)


def test_a_plan_says_what_would_be_done_and_does_nothing(table: Path) -> None:
    [outcome] = optimizer(Compaction()).plan(str(table))
    assert (outcome.status, outcome.predicted_before.files, outcome.predicted_after.files) == (
        Status.PROPOSED,
        12,
        1,
    )
    assert Snapshot.load(table).version == 11


def test_what_costs_more_than_it_saves_is_left(table: Path) -> None:
    [outcome] = optimizer(Compaction(), reads=0).maintain(str(table))
    assert (outcome.status, outcome.version) == (Status.NOT_WORTH_IT, None)
    assert Snapshot.load(table).version == 11


def test_a_table_that_needs_nothing_is_left(table: Path) -> None:
    optimizer(Compaction()).maintain(str(table))
    assert optimizer(Compaction(), Vacuuming(), DeletionVectorPurge()).maintain(str(table)) == ()


def test_partitions_stay_apart(tmp_path: Path) -> None:
    with MANAGER.transaction(tmp_path) as transaction:
        transaction.create(pa.schema([("p", pa.string()), ("x", pa.int64())]), partition_by=["p"])
    for number in range(6):
        append(tmp_path, pa.table({"p": ["a", "b", None], "x": [number, number + 1, number + 2]}))
    before = rows_of(tmp_path)
    optimizer(Compaction()).maintain(str(tmp_path))
    assert (file_count(tmp_path), rows_of(tmp_path)) == (3, before)


def test_compaction_brings_files_to_the_size_that_is_asked(table: Path) -> None:
    size = sum(Snapshot.load(table).files()["size"].to_pylist())
    optimizer(Compaction(target_file_bytes=size // 3)).maintain(str(table))
    assert 3 <= file_count(table) <= 5


def test_dates_and_moments_beyond_the_year_9999_are_put_together_too(tmp_path: Path) -> None:
    for number in range(3):
        day = pa.array([3_000_000 + number, 3_000_010], pa.date32())
        moment = pa.array([300_000_000_000_000_000 + number] * 2, pa.timestamp("us", "UTC"))
        append(tmp_path, pa.table({"day": day, "moment": moment}))
    [outcome] = optimizer(Compaction()).maintain(str(tmp_path))
    assert outcome.status is Status.DONE
    days = Snapshot.load(tmp_path).to_arrow()["day"].cast(pa.int32()).to_pylist()
    assert sorted(days) == [3_000_000, 3_000_001, 3_000_002, *[3_000_010] * 3]


# ---- queries before and after ----


class SaidTimes:
    """A probe that says what it is told."""

    def __init__(self, before: float, after: float) -> None:
        self.said = ProbeTimes(before=before, after=after)
        self.asked: list[tuple[int, int, Sequence[object]]] = []

    def times(self, before: TableFacts, after: TableFacts, queries: Sequence[object]) -> ProbeTimes:
        self.asked.append((before.snapshot.version, after.snapshot.version, queries))
        return self.said


def test_what_queries_find_slower_is_undone_by_the_files_that_were(table: Path) -> None:
    before = rows_of(table)
    probe = SaidTimes(1.0, 1.6)
    [outcome] = QueryOptimizer([Compaction()], manager=MANAGER, probe=probe).maintain(str(table))
    assert (outcome.status, outcome.version, outcome.probe) == (Status.UNDONE, 12, probe.said)
    assert probe.asked == [(11, 12, (None,))]
    assert (file_count(table), rows_of(table)) == (12, before)


def test_times_that_vary_as_small_work_does_undo_nothing(table: Path) -> None:
    [outcome] = QueryOptimizer([Compaction()], manager=MANAGER, probe=SaidTimes(0.01, 0.06)).maintain(
        str(table)
    )
    assert outcome.status is Status.DONE


def test_the_queries_of_clustering_are_timed_and_those_that_read_too_much_are_not(table: Path) -> None:
    [outcome] = optimizer(Clustering(columns=("x",))).maintain(str(table))
    assert outcome.probe is not None
    assert min(outcome.probe.before, outcome.probe.after) > 0
    assert outcome.status is Status.DONE
    old, new = (TableFacts(snapshot=Snapshot.load(table, at), storage=None) for at in (11, 12))
    assert ReadingProbe().times(new, old, [None]).are_worse is False, "noise of milliseconds is no reason"
    assert ReadingProbe(most_bytes=1).times(old, new, [None]) is None


# ---- readers of new rows alone ----


def test_readers_of_new_rows_go_on_over_a_rewritten_table(table: Path) -> None:
    """Who read up to version 5 gets the rows of versions 6 to 11 and 13, and none twice."""
    optimizer(Compaction()).maintain(str(table))
    append(table, points(99))
    log = TableLog(str(table))
    paths = log.plain_files_added(after=5, through=13)
    assert paths is not None
    read = pa.concat_tables(pa.parquet.read_table(path) for path in paths)
    expected = pa.concat_tables(points(seed) for seed in (*range(6, 12), 99))
    assert sorted(map(repr, read.to_pylist())) == sorted(map(repr, expected.to_pylist()))
    assert log.why_not_appended(after=5, through=13) is None
    assert log.plain_files_added(after=11, through=12) == ()
    assert log.bytes_added(after=11, through=12) == 0


def test_the_change_feed_shows_nothing_of_a_rewrite_nor_of_its_undoing(table: Path) -> None:
    optimizer(Scattering()).maintain(str(table))
    assert Snapshot.load(table).version == 13
    assert Snapshot.load(table).changes(12, 13).num_rows == 0
    assert TableLog(str(table)).plain_files_added(after=11, through=13) == ()


# ---- what got worse ----


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Scattering(RewritingStrategy):
    """A technique from outside that promises much: it writes each file again as several."""

    def rewrites(self, facts: TableFacts) -> RewriteProposal | None:
        return RewriteProposal(
            reason="files are scattered",
            before=self._whole(facts),
            after=Load(files=0, size_bytes=0),
            rewrites=tuple(Rewrite(paths=(file.path,), file_count=3) for file in facts.files),
        )

    def measure(self, facts: TableFacts, proposal: RewriteProposal) -> Load:
        return self._whole(facts)

    def _whole(self, facts: TableFacts) -> Load:
        return Load(files=len(facts.files), size_bytes=facts.size_bytes)


def test_a_strategy_from_outside_is_known_by_its_word_and_undone_where_it_made_things_worse(
    table: Path,
) -> None:
    before, files = rows_of(table), set(Snapshot.load(table).files()["path"].to_pylist())
    with known_by("scattering", Scattering, base=Strategy):
        [outcome] = QueryOptimizer.made_for(Workload(), names=["scattering"]).maintain(str(table))
    assert (outcome.strategy, outcome.status) == ("scattering", Status.UNDONE)
    assert (outcome.measured_before.files, outcome.measured_after.files) == (12, 36)
    assert set(Snapshot.load(table).files()["path"].to_pylist()) == files
    assert rows_of(table) == before
    assert changed_rows(table, 13) == [False] * 48


def test_what_was_undone_is_tried_again_once_the_table_has_doubled(table: Path) -> None:
    for expected in (Status.UNDONE, Status.UNDONE_BEFORE, Status.UNDONE_BEFORE):
        [outcome] = optimizer(Scattering()).maintain(str(table))
        assert outcome.status is expected
    assert Snapshot.load(table).version == 13
    [other] = optimizer(Compaction()).plan(str(table))
    assert other.status is Status.PROPOSED, "other work is not held back"
    for seed in range(6):
        append(table, points(seed))
    [outcome] = optimizer(Scattering()).plan(str(table))
    assert outcome.status is Status.UNDONE_BEFORE
    append(table, points(99, count=20_000))
    [outcome] = optimizer(Scattering()).maintain(str(table))
    assert outcome.status is Status.UNDONE


def test_undoing_keeps_what_another_writer_appended(table: Path) -> None:
    class AppendedMeanwhile(Scattering):
        def measure(self, facts: TableFacts, proposal: RewriteProposal) -> Load:
            if Snapshot.load(table).version == 12:
                append(table, points(99))
            return super().measure(facts, proposal)

    expected = rows_of(table) + rows_in(points(99))
    [outcome] = optimizer(AppendedMeanwhile()).maintain(str(table))
    assert (outcome.status, file_count(table)) == (Status.UNDONE, 13)
    assert rows_of(table) == expected


def test_what_got_worse_stays_where_another_writer_changed_the_new_files(table: Path) -> None:
    class DeletedMeanwhile(Scattering):
        def measure(self, facts: TableFacts, proposal: RewriteProposal) -> Load:
            if Snapshot.load(table).version == 12:
                delete(table, 5)
            return super().measure(facts, proposal)

    expected = without(rows_of(table), 5)
    [outcome] = optimizer(DeletedMeanwhile()).maintain(str(table))
    assert outcome.status is Status.WORSE
    assert rows_of(table) == expected


def test_rows_that_a_deletion_vector_took_from_the_new_files_stay_deleted(table: Path) -> None:
    with MANAGER.transaction(table) as transaction:
        transaction.enable_features("deletionVectors")

    class DeletedByVectorMeanwhile(Scattering):
        def measure(self, facts: TableFacts, proposal: RewriteProposal) -> Load:
            if Snapshot.load(table).version == 13:
                delete_by_vector(table, range(3), version=13)
            return super().measure(facts, proposal)

    [outcome] = optimizer(DeletedByVectorMeanwhile()).maintain(str(table))
    assert outcome.status is Status.WORSE
    assert Snapshot.load(table).to_arrow().num_rows == 5_997


def test_a_rewrite_that_gave_row_ids_is_undone(tmp_path: Path) -> None:
    features = {"delta.feature.rowTracking": "supported", "delta.feature.domainMetadata": "supported"}
    with MANAGER.transaction(tmp_path) as transaction:
        transaction.create(points(0).schema, properties=features)
    append(tmp_path, points(0))
    before = Snapshot.load(tmp_path)
    [outcome] = optimizer(Scattering()).maintain(str(tmp_path))
    after = Snapshot.load(tmp_path)
    assert outcome.status is Status.UNDONE
    assert after.files().drop_columns(["dataChange"]) == before.files().drop_columns(["dataChange"])


# ---- other writers ----


class RacingManager(TransactionManager):
    """Lets another writer come first, before the first commits of ours."""

    def __init__(self, rival: Callable[[], None], *, times: int) -> None:
        super().__init__(spark_writers=False)
        self._rival, self._times = rival, times

    def commit_transaction(self, transaction: Transaction) -> int:
        if self._times > 0:
            self._times -= 1
            self._rival()
        return super().commit_transaction(transaction)


def test_an_append_meanwhile_is_no_conflict(table: Path) -> None:
    racing = RacingManager(lambda: append(table, points(99)), times=1)
    expected = rows_of(table) + rows_in(points(99))
    [outcome] = QueryOptimizer([Compaction()], manager=racing).maintain(str(table))
    assert (outcome.status, outcome.version, file_count(table)) == (Status.DONE, 13, 2)
    assert rows_of(table) == expected


def test_after_a_delete_meanwhile_the_table_is_looked_at_again(table: Path) -> None:
    racing = RacingManager(lambda: delete(table, 5), times=1)
    expected = without(rows_of(table), 5)
    [outcome] = QueryOptimizer([Compaction()], manager=racing).maintain(str(table))
    assert (outcome.status, file_count(table)) == (Status.DONE, 1)
    assert rows_of(table) == expected
    assert len(list(table.glob("*.parquet"))) == len(known_files(table))


def test_writers_that_always_come_first_win(table: Path) -> None:
    value = iter(range(1_000))
    racing = RacingManager(lambda: delete(table, next(value)), times=100)
    [outcome] = QueryOptimizer([Compaction()], manager=racing).maintain(str(table))
    assert outcome.status is Status.GAVE_UP


# ---- proof before the commit ----


def test_a_row_that_would_change_stops_the_commit(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = SharedWrite.write

    def faulty(self: SharedWrite, rows: pa.Table) -> Sequence[WrittenFile]:
        return write(self, rows.set_column(1, "y", pa.array([0] * rows.num_rows, pa.int64())))

    before = rows_of(table)
    monkeypatch.setattr(SharedWrite, "write", faulty)
    with pytest.raises(RowsNotKeptError, match="are missing, new or different"):
        optimizer(Compaction()).maintain(str(table))
    assert (Snapshot.load(table).version, rows_of(table)) == (11, before)
    assert len(list(table.glob("*.parquet"))) == 12


def test_a_row_that_would_be_lost_stops_the_commit(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = SharedWrite.write

    def faulty(self: SharedWrite, rows: pa.Table) -> Sequence[WrittenFile]:
        return write(self, rows.slice(1))

    monkeypatch.setattr(SharedWrite, "write", faulty)
    with pytest.raises(RowsNotKeptError, match="they have 5999 rows, expected 6000"):
        optimizer(Compaction()).maintain(str(table))
    assert Snapshot.load(table).version == 11


def test_a_log_that_counts_other_rows_than_its_files_hold_stops_the_commit(table: Path) -> None:
    add = Snapshot.load(table).actions_of(0)
    [first] = [each for each in add if type(each).__name__ == "AddFile"]
    with MANAGER.transaction(table) as transaction:
        transaction.remove(first.path)
        append_action = msgspec.structs.replace(first, path=f"./{first.path}", stats='{"numRecords":499}')
        transaction.add(append_action)
    with pytest.raises(RowsNotKeptError, match="the log has 5999 rows in them, and they hold 6000"):
        optimizer(Compaction()).maintain(str(table))


def test_rows_with_ids_of_their_own_are_not_moved(tmp_path: Path) -> None:
    with MANAGER.transaction(tmp_path) as transaction:
        transaction.create(points(0).schema, properties={"delta.enableRowTracking": "true"})
    for seed in range(3):
        append(tmp_path, points(seed))
    assert optimizer(Compaction(), Clustering(columns=("x",))).plan(str(tmp_path)) == ()


@pytest.mark.parametrize(
    ("data_type", "is_left"),
    [
        ('"variant"', True),
        ('{"type":"array","elementType":"variant","containsNull":true}', True),
        ('"string"', False),
    ],
)
def test_a_table_with_variants_keeps_its_files(data_type: str, is_left: bool) -> None:
    field = f'{{"name":"variant","type":{data_type},"nullable":true,"metadata":{{}}}}'
    metadata = SimpleNamespace(schema_string=f'{{"type":"struct","fields":[{field}]}}')
    facts = TableFacts(snapshot=SimpleNamespace(properties={}, metadata=metadata), storage=None)
    assert (facts.why_not_rewritten is not None) == is_left


# ---- clustering ----


def test_a_clustered_table_opens_few_files_for_one_value(table: Path) -> None:
    before = rows_of(table)
    size = sum(Snapshot.load(table).files()["size"].to_pylist())
    [outcome] = optimizer(Clustering(columns=("x",), target_file_bytes=size // 10)).maintain(str(table))
    assert outcome.status is Status.DONE
    assert rows_of(table) == before
    assert outcome.measured_before.files > 10
    assert outcome.measured_after.files < 2.5
    snapshot = Snapshot.load(table)
    read = [snapshot.files(col("x") == value).num_rows for value in range(0, 1_000, 50)]
    assert max(read) <= 2


def test_a_curve_serves_two_columns_alike(table: Path) -> None:
    size = sum(Snapshot.load(table).files()["size"].to_pylist())
    before = rows_of(table)
    [outcome] = optimizer(Clustering(columns=("x", "y"), target_file_bytes=size // 16)).maintain(str(table))
    assert rows_of(table) == before
    for column in ("x", "y"):
        read = [Snapshot.load(table).files(col(column) == value).num_rows for value in range(0, 1_000, 50)]
        assert sum(read) / len(read) < 8
    assert outcome.predicted_after.files == pytest.approx(outcome.measured_after.files, rel=0.8)


def test_new_files_are_clustered_without_rewriting_the_table(tmp_path: Path) -> None:
    """Days come one by one: each maintenance rewrites at most twice what came, and reads stay as cheap."""
    for day in range(10):
        append(tmp_path, in_days(day, count=2_000))
    cluster = Clustering(columns=("day",), target_file_bytes=6_000)
    optimizer(cluster).maintain(str(tmp_path))
    appended = rewritten = 0
    for day in range(10, 30):
        append(tmp_path, in_days(day, count=1_000))
        appended += Snapshot.load(tmp_path).files()["size"].to_pylist()[-1]
        for outcome in optimizer(cluster).maintain(str(tmp_path)):
            rewritten += outcome.rewritten_bytes if outcome.status is Status.DONE else 0
    assert rewritten <= 2 * appended
    assert max(Snapshot.load(tmp_path).files(col("day") == day * 100).num_rows for day in range(30)) <= 3


def test_what_is_clustered_is_not_clustered_again_though_most_rows_have_one_value(tmp_path: Path) -> None:
    """No order brings the rows of 7 into one file: a prediction that says so would rewrite the table each time."""
    for seed in range(12):
        often = np.where(points(seed)["y"].to_numpy() < 700, 7, points(seed)["x"].to_numpy())
        append(tmp_path, points(seed).set_column(0, "x", pa.array(often)))
    size = sum(Snapshot.load(tmp_path).files()["size"].to_pylist())
    cluster = Clustering(columns=("x",), target_file_bytes=size // 12)
    [first] = optimizer(cluster).maintain(str(tmp_path))
    [second] = optimizer(cluster).maintain(str(tmp_path))
    assert (first.status, second.status) == (Status.DONE, Status.NOT_WORTH_IT)
    [other] = optimizer(Clustering(columns=("y",), target_file_bytes=size // 12)).plan(str(tmp_path))
    assert other.status is Status.PROPOSED


def test_without_columns_the_layout_of_before_goes_on(table: Path) -> None:
    optimizer(Clustering(columns=("x",), target_file_bytes=10_000)).maintain(str(table))
    append(table, points(99, count=4_000))
    [outcome] = optimizer(Clustering(target_file_bytes=10_000)).maintain(str(table))
    assert outcome.reason.endswith("are sorted by x")


def test_the_layout_of_a_column_that_is_gone_is_forgotten(table: Path) -> None:
    optimizer(Clustering(columns=("x",), target_file_bytes=10_000)).maintain(str(table))
    with MANAGER.transaction(table) as transaction:
        transaction.append_action(without_column(transaction.metadata, "x"))
    append(table, points(99, count=4_000).select(["y", "text"]))
    assert optimizer(Clustering(target_file_bytes=10_000)).plan(str(table)) == ()


def test_files_that_another_engine_clustered_are_left_to_it(table: Path) -> None:
    with MANAGER.transaction(table) as transaction:
        for version in range(6):
            actions = transaction.snapshot.actions_of(version)
            file = next(each for each in actions if isinstance(each, AddFile))
            transaction.remove(file.path)
            theirs = msgspec.structs.replace(file, path=f"./{file.path}", clustering_provider="liquid")
            transaction.add(theirs)
    outcomes = optimizer(Compaction(), Clustering(columns=("x",))).plan(str(table))
    assert [outcome.reason.partition(" of ")[0] for outcome in outcomes] == ["6 files", "new files: 6 files"]


def test_the_filters_of_readers_choose_the_columns(table: Path) -> None:
    workload = Workload(filters=(col("y") == 5,), target_file_bytes=10_000)
    [outcome] = QueryOptimizer.made_for(workload, names=["clustering"]).plan(str(table))
    assert outcome.reason.endswith("are sorted by y")


def test_how_often_a_table_is_read_decides_which_files_are_worth_clustering() -> None:
    assert Clustering.made_for(Workload(reads=300)).rule == WorthRule(reads=300)


def test_a_filter_on_a_partition_leaves_the_other_filters_to_cluster_by(tmp_path: Path) -> None:
    with MANAGER.transaction(tmp_path) as transaction:
        transaction.create(pa.schema([("p", pa.string()), ("x", pa.int64())]), partition_by=["p"])
    append(tmp_path, pa.table({"p": ["a"], "x": [1]}))
    workload = Workload(filters=((col("p") == "a") & (col("x") == 1),))
    [outcome] = QueryOptimizer.made_for(workload, names=["clustering"]).plan(str(tmp_path))
    assert outcome.reason.endswith("are sorted by x")
    alone = Workload(filters=(col("p") == "a",))
    assert QueryOptimizer.made_for(alone, names=["clustering"]).plan(str(tmp_path)) == ()


@pytest.mark.parametrize(("column", "reason"), [("z", "no bounds"), ("p", "partition column")])
def test_a_column_that_can_t_be_clustered_by_is_named(tmp_path: Path, column: str, reason: str) -> None:
    with MANAGER.transaction(tmp_path) as transaction:
        transaction.create(pa.schema([("p", pa.string()), ("x", pa.int64())]), partition_by=["p"])
    append(tmp_path, pa.table({"p": ["a"], "x": [1]}))
    with pytest.raises(UnclusterableColumnError, match=rf"{reason}.*Fix: use columns .* log: x"):
        optimizer(Clustering(columns=(column,))).plan(str(tmp_path))


# ---- what else piles up ----


def test_deleted_rows_are_purged(tmp_path: Path) -> None:
    append(tmp_path, points(0))
    with MANAGER.transaction(tmp_path) as transaction:
        transaction.enable_features("deletionVectors")
    delete_by_vector(tmp_path, range(0, 500, 2))
    expected = sorted(map(repr, points(0).take(list(range(1, 500, 2))).to_pylist()))
    [outcome] = optimizer(DeletionVectorPurge()).maintain(str(tmp_path))
    assert outcome.status is Status.DONE
    snapshot = Snapshot.load(tmp_path)
    assert snapshot.files()["deletionVector"].null_count == 1
    assert sorted(map(repr, snapshot.to_arrow().to_pylist())) == expected
    assert pa.parquet.read_metadata(tmp_path / snapshot.files()["path"][0].as_py()).num_rows == 250


def test_few_deleted_rows_are_left(tmp_path: Path) -> None:
    append(tmp_path, points(0))
    with MANAGER.transaction(tmp_path) as transaction:
        transaction.enable_features("deletionVectors")
    delete_by_vector(tmp_path, range(20))
    assert optimizer(DeletionVectorPurge(), Compaction()).plan(str(tmp_path)) == ()


def test_commits_without_a_checkpoint_are_put_into_one(table: Path) -> None:
    [outcome] = optimizer(Checkpointing()).maintain(str(table))
    assert (outcome.measured_before.files, outcome.measured_after.files) == (12, 0)
    assert (table / "_delta_log" / "_last_checkpoint").exists()
    assert optimizer(Checkpointing()).plan(str(table)) == ()


def test_a_checkpoint_without_all_its_parts_is_none(table: Path) -> None:
    part = table / "_delta_log" / f"{11:020}.checkpoint.{1:010}.{2:010}.parquet"
    part.write_bytes(b"half of it")
    [outcome] = optimizer(Checkpointing()).plan(str(table))
    assert outcome.predicted_before.files == 12


def test_vacuum_deletes_what_no_version_needs_and_keeps_what_a_reader_needs(table: Path) -> None:
    with MANAGER.transaction(table) as transaction:
        transaction.set_properties({"delta.deletedFileRetentionDuration": "interval 0 seconds"})
    optimizer(Compaction()).maintain(str(table))
    assert optimizer(Vacuuming(keep_from_version=11)).maintain(str(table)) == ()
    assert Snapshot.load(table, 11).to_arrow().num_rows == 6_000
    [outcome] = optimizer(Vacuuming()).maintain(str(table))
    assert (outcome.status, outcome.measured_before.files, outcome.measured_after.files) == (
        Status.DONE,
        12,
        0,
    )
    assert len(list(table.glob("*.parquet"))) == 1


def test_files_are_rewritten_before_the_log_and_the_storage_are_cleaned() -> None:
    stages = [
        Compaction.stage,
        Clustering.stage,
        DeletionVectorPurge.stage,
        Checkpointing.stage,
        Vacuuming.stage,
    ]
    assert stages == sorted(stages) == [Stage.FILES] * 3 + [Stage.LOG, Stage.STORAGE]


# ---- helpers ----


def delete(path: Path, x: int) -> None:
    with MANAGER.transaction(path) as transaction:
        transaction.delete(col("x") == x)


def rows_in(rows: pa.Table) -> Counter[str]:
    return Counter(map(repr, rows.to_pylist()))


def without(rows: Counter[str], x: int) -> Counter[str]:
    return Counter({row: times for row, times in rows.items() if not row.startswith(f"{{'x': {x},")})


def without_column(metadata: MetadataChange, name: str) -> MetadataChange:
    schema = json.loads(metadata.schema_string)
    schema["fields"] = [each for each in schema["fields"] if each["name"] != name]
    return msgspec.structs.replace(metadata, schema_string=json.dumps(schema))


def known_files(path: Path) -> list[str]:
    snapshot = Snapshot.load(path)
    return snapshot.files()["path"].to_pylist() + snapshot.tombstones()["path"].to_pylist()


def in_days(day: int, *, count: int) -> pa.Table:
    moments = [day * 100 + number % 100 for number in range(count)]
    return pa.table({"day": moments, "amount": points(day, count=count)["x"]})
