"""What a feed of changes makes of a table: each line of the table in the how-to, on one pipeline run twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from pyspark.sql import Row, SparkSession

from lakehouse.delta_log import Snapshot
from lakehouse.pipelines import (
    DeclarativePipelineBuilder,
    PipelineDefinition,
    Refreshed,
    RepeatedKeysError,
    from_files,
    read,
)
from lakehouse.pipelines.refresh.change_data import state
from lakehouse.quality import ExpectationFailedError, Tally
from tests.change_oracle import Change, current_rows, history_rows
from tests.spark.pipelines.landing import Lake

pytestmark = pytest.mark.spark

COLUMNS = ("id", "at", "part", "op", "a", "b")

Given = tuple[int | None, int, str, str | None, str | None]
"""Sequence, tie-breaker, operation (U, D), and two values."""


def up(at: int | None, a: str | None, b: str | None = None, *, part: int = 0) -> Given:
    return at, part, "U", a, b


def gone(at: int) -> Given:
    return at, 0, "D", None, None


FEED: dict[str, tuple[list[Given], list[Given]]] = {
    "late": ([up(2, "new")], [up(1, "old")]),
    "out of order": ([up(3, "c"), up(1, "a"), up(2, "b")], []),
    "sent twice": ([up(1, "a"), up(1, "a")], [up(1, "a"), up(2, "b")]),
    "contradicted at once": ([up(1, "a")], [up(2, "x"), up(2, "y")]),
    "contradicted later": ([up(1, "a"), up(2, "x")], [up(2, "y"), up(2, "x")]),
    "decided after that": ([up(1, "x"), up(1, "y")], [up(2, "z"), up(1, "x")]),
    "tie": ([up(1, "second", part=2), up(1, "first", part=1)], []),
    "no sequence": ([up(1, "a")], [up(None, "b")]),
    "deleted": ([up(1, "a")], [gone(2)]),
    "inserted again": ([up(1, "a"), gone(2)], [up(3, "b")]),
    "unknown": ([gone(2)], [up(1, "a")]),
    "not back": ([up(1, "a"), gone(3)], [up(2, "b")]),
    "unchanged": ([up(1, "a")], [up(2, "a"), up(3, "b")]),
    "split": ([up(1, "a"), up(5, "a")], [up(3, "b")]),
    "patched": ([up(1, "a", "b"), up(3, None, "c")], [up(2, "z", "z")]),
    "patched after delete": ([up(1, "a", "b")], [gone(2), up(3, None, "c")]),
    "cut off": ([up(-5, "a"), up(-1, "b")], []),
    "all cut off": ([up(-5, "a")], [up(-4, "late")]),
    "left out": ([up(1, "left out")], []),
    "set aside": ([up(1, "set aside")], []),
}
"""By key, what comes with each of two batches; the last two keys break rules of one table."""
BREAKING = {"left out", "set aside"}

TRUNCATION = (None, -3, 0, "T", None, None)
"""It comes with the second batch, for the table that truncates."""

QUARANTINED = {
    ("contradicted at once", "x"),
    ("contradicted at once", "y"),
    ("contradicted later", "x"),
    ("contradicted later", "y"),
    ("decided after that", "x"),
    ("decided after that", "y"),
    ("no sequence", "b"),
    (None, "a"),
}


STORED = ("now", "history", "patched")
TABLES = (*STORED, "tracked")


def definition(*names: str) -> PipelineDefinition:
    raw = read("raw", incremental=True).cast({"at": "int", "part": "int"})
    feed = raw.where("coalesce(op, '') != 'T'")
    cdc: dict[str, Any] = {"keys": ["id"], "sequence_by": ["at", "part"], "apply_as_deletes": "op = 'D'"}
    kept: dict[str, Any] = {"column_list": ["id", "at", "part", "a", "b"]}
    patches = raw.select("id", "at", "part", "op", "a", "named_struct('in', b, 'deep', struct(a AS a)) AS s")
    judged = (
        feed.expect("named", "id IS NOT NULL")
        .expect_or_drop("not left out", "a <> 'left out'", null_is_fine=True)
        .expect_or_quarantine("not set aside", "a <> 'set aside'", null_is_fine=True)
        .expect_or_fail("not fatal", "a <> 'fatal'", null_is_fine=True)
    )
    patching: dict[str, Any] = {"ignore_null_updates": True, "apply_as_truncates": "op = 'T'"}
    flows = {
        "now": feed.apply_changes(**cdc, **kept),
        "history": feed.apply_changes(**cdc, **kept, stored_as_scd_type=2),
        "tracked": judged.apply_changes(**cdc, **kept, stored_as_scd_type=2, track_history_column_list=["a"]),
        "patched": patches.apply_changes(**cdc, **patching, except_column_list=["op"]),
    }
    builder = DeclarativePipelineBuilder("feeds").variable("landing", default="none")
    builder.bronze("raw", from_files("${landing}/*.csv", columns=COLUMNS))
    for name in names or TABLES:
        builder.silver(name, flows[name])
    return builder.build()


class Applied:
    """The tables after two batches, and those of a test without storage that is given all rows at once."""

    def __init__(self, lake: Lake) -> None:
        self.lake = lake
        self.tallies: dict[str, list[Tally]] = {}
        self.kept: dict[str, int] = {}
        rows: list[Sequence[Any]] = []
        for number in range(2):
            batch = [(key, *each) for key, batches in FEED.items() for each in batches[number]]
            batch.append([(None, *up(1, "a")), TRUNCATION][number])
            lake.land(f"{number}.csv", *batch, header=",".join(COLUMNS))
            rows += batch
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(
                    state, "_MANY_FILES", 1
                )  # the second batch finds the state of the first compacted
                result = lake.run(definition(*STORED))
            assert result.status == "ok", result.failures
            for name, outcome in result.outcomes.items():
                if isinstance(outcome, Refreshed):
                    self.tallies.setdefault(name, []).extend(each.tally for each in outcome.refreshes)
                    self.kept[name] = self.kept.get(name, 0) + outcome.refreshes[0].details.get(
                        "changes_kept", 0
                    )
        self.tables = {
            name: lake.spark.read.format("delta").load(str(lake.warehouse / "silver" / name)).collect()
            for name in (*STORED, "now_quarantine")
        }
        self.case = definition().test(inputs={"raw": rows}, spark=lake.spark)
        self.tables["tracked"] = self.case.rows("tracked")

    def of(self, table: str, key: str) -> list[Row]:
        """Return a key's rows, in the order of their time."""
        rows = [row for row in self.tables[table] if row["id"] == key]
        return sorted(rows, key=lambda row: str(row.asDict().get("__START_AT")))

    def now(self, key: str) -> list[str]:
        return [row["a"] for row in self.of("now", key)]

    def history(self, key: str, table: str = "history") -> list[tuple[int, int | None, str]]:
        return [
            (row["__START_AT"]["at"], row["__END_AT"] and row["__END_AT"]["at"], row["a"])
            for row in self.of(table, key)
        ]


@pytest.fixture(scope="module")
def applied(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Applied:
    return Applied(Lake(spark, tmp_path_factory.mktemp("changes")))


def changes_of_feed() -> list[Change]:
    return [
        Change(key, (at, part), None if op == "D" else (a, b))
        for key, batches in FEED.items()
        for batch in batches
        for at, part, op, a, b in batch
        if at is not None
    ]


def test_a_late_change_does_not_undo_a_newer_one(applied: Applied) -> None:
    assert applied.now("late") == ["new"]
    assert applied.history("late") == [(1, 2, "old"), (2, None, "new")]


def test_changes_out_of_order_are_put_in_order(applied: Applied) -> None:
    assert applied.now("out of order") == ["c"]
    assert applied.history("out of order") == [(1, 2, "a"), (2, 3, "b"), (3, None, "c")]


def test_a_change_that_comes_again_is_one_change(applied: Applied) -> None:
    assert applied.now("sent twice") == ["b"]
    assert applied.history("sent twice") == [(1, 2, "a"), (2, None, "b")]


def test_changes_of_one_sequence_that_differ_do_not_count(applied: Applied) -> None:
    assert applied.now("contradicted at once") == ["a"]
    assert applied.history("contradicted at once") == [(1, None, "a")]


def test_a_change_that_is_contradicted_later_is_taken_back(applied: Applied) -> None:
    assert applied.now("contradicted later") == ["a"]
    assert applied.history("contradicted later") == [(1, None, "a")]


def test_a_key_goes_on_after_a_contradiction(applied: Applied) -> None:
    assert applied.now("decided after that") == ["z"]


def test_a_second_column_breaks_ties(applied: Applied) -> None:
    assert applied.now("tie") == ["second"]
    (first, second) = applied.of("history", "tie")
    assert (first["a"], first["__END_AT"]) == ("first", second["__START_AT"])


def test_what_nobody_can_place_is_quarantined_with_its_reason(applied: Applied) -> None:
    assert applied.now("no sequence") == ["a"]
    found = {(row["id"], row["a"]) for row in applied.tables["now_quarantine"]}
    assert found == QUARANTINED
    rules = {row["id"]: row["_errors"][0]["rule"] for row in applied.tables["now_quarantine"]}
    assert rules[None] == "change(key)"
    assert rules["no sequence"] == "change(sequence)"
    assert rules["contradicted later"] == "change(conflict)"


def test_a_key_that_is_deleted_leaves_the_table(applied: Applied) -> None:
    assert applied.now("deleted") == []
    assert applied.history("deleted") == [(1, 2, "a")]


def test_a_key_that_was_deleted_can_be_inserted_again(applied: Applied) -> None:
    assert applied.now("inserted again") == ["b"]
    assert applied.history("inserted again") == [(1, 2, "a"), (3, None, "b")]


def test_a_delete_of_an_unknown_key_is_remembered(applied: Applied) -> None:
    assert applied.now("unknown") == []
    assert applied.history("unknown") == [(1, 2, "a")]


def test_an_older_change_never_brings_a_deleted_key_back(applied: Applied) -> None:
    assert applied.now("not back") == []
    assert applied.history("not back") == [(1, 2, "a"), (2, 3, "b")]


def test_equal_values_in_a_row_are_one_interval(applied: Applied) -> None:
    assert applied.history("unchanged") == [(1, 3, "a"), (3, None, "b")]


def test_a_late_change_splits_an_interval_also_where_equal_values_were_one(applied: Applied) -> None:
    assert applied.history("split") == [(1, 3, "a"), (3, 5, "b"), (5, None, "a")]


def test_a_truncation_removes_all_that_is_older_and_nothing_else(applied: Applied) -> None:
    assert [row["at"] for row in applied.of("patched", "cut off")] == [-1]
    assert applied.of("patched", "all cut off") == []
    there = {row["id"] for row in applied.tables["now"]} - {"all cut off"}
    assert {row["id"] for row in applied.tables["patched"]} == there


def test_nulls_keep_what_was_there_down_into_structs(applied: Applied) -> None:
    (row,) = applied.of("patched", "patched")
    assert (row["a"], row["s"]["in"], row["s"]["deep"]["a"]) == ("z", "c", "z")
    (after,) = applied.of("patched", "patched after delete")
    assert (after["a"], after["s"]["in"]) == (None, "c")


def test_values_that_are_not_tracked_change_in_place(applied: Applied) -> None:
    assert [(row["__START_AT"]["at"], row["b"]) for row in applied.of("tracked", "patched after delete")] == [
        (1, "b"),
        (3, "c"),
    ]


def test_tables_are_what_the_oracle_makes_of_the_same_changes(applied: Applied) -> None:
    feed = changes_of_feed()
    found = {(row["id"], (row["at"], row["part"]), (row["a"], row["b"])) for row in applied.tables["now"]}
    assert found == current_rows(feed)
    for name, tracked in (("history", None), ("tracked", [0])):
        intervals = {
            (
                row["id"],
                tuple(row["__START_AT"]),
                row["__END_AT"] and tuple(row["__END_AT"]),
                (row["a"], row["b"]),
            )
            for row in applied.tables[name]
        }
        there = [each for each in feed if tracked is None or each.key not in BREAKING]
        assert intervals == history_rows(there, tracked=tracked)


def test_every_row_is_written_dropped_or_quarantined(applied: Applied) -> None:
    first, second = (sum(len(batches[number]) for batches in FEED.values()) for number in range(2))
    for name, more in (("now", 0), ("history", 0), ("patched", 1)):
        tallies = applied.tallies[name]
        assert [each.rows_in for each in tallies] == [first + 1, second + more]
        assert all(each.rows_in == each.written + each.dropped + each.quarantined for each in tallies)


def test_a_case_without_storage_has_the_rows_of_a_run_with_it(applied: Applied) -> None:
    for name in STORED:
        applied.case.expect(name, applied.tables[name])
    applied.case.quarantined("now", [{"id": key, "a": value} for key, value in QUARANTINED])


def test_rows_of_one_key_are_merged_where_they_say_the_same(spark: SparkSession) -> None:
    builder = DeclarativePipelineBuilder("feeds").bronze("raw", from_files("none/*.csv", columns=COLUMNS))
    pipeline = builder.silver("now", read("raw", incremental=True).select("id", "a", "b").merge("id")).build()
    twice, other = ("k", *up(1, "a")), ("l", *up(1, None))
    case = pipeline.test(inputs={"raw": [twice, ("k", *up(2, "a")), other, other]}, spark=spark)
    case.expect("now", [("k", "a", None), ("l", None, None)])
    with pytest.raises(RepeatedKeysError, match=r"rows of the same id that differ: Row\(id='k'\)"):
        pipeline.test(inputs={"raw": [twice, ("k", *up(1, "b"))]}, spark=spark).rows("now")


def test_a_feed_of_an_order_system_gives_its_orders(spark: SparkSession) -> None:
    """Two keys, four columns of order, images of rows before (X) and after (empty), inserts (N), deletes (D, R)."""
    columns = ("at", "packet", "part", "line", "order", "item", "mode", "article", "amount")
    rows = [
        ("0", 0, 0, 0, 7, 1, "N", "apples", 10),
        ("0", 0, 0, 0, 7, 2, "N", "pears", 20),
        ("0", 0, 0, 0, 8, 1, "N", "plums", 5),
        ("20240110", 2, 1, 2, 7, 1, "", "apples", 12),
        ("20240110", 1, 1, 4, 7, 1, "", "apples", 11),
        ("20240110", 1, 1, 3, 7, 1, "X", "apples", 10),
        ("20240110", 2, 1, 1, 7, 1, "X", "apples", 11),
        ("20240110", 1, 1, 5, 7, 2, "D", "pears", 20),
        ("20240111", 1, 1, 1, 8, 1, "R", "plums", 5),
        ("20240111", 1, 1, 2, 8, 1, "N", "cherries", 6),
        ("20240111", 1, 2, 1, 9, 1, "N", "figs", 1),
        ("20240111", 1, 2, 1, 9, 1, "N", "figs", 1),
    ]
    flow = read("raw", incremental=True).where("coalesce(mode, '') <> 'X'")
    flow = flow.cast(dict.fromkeys(("packet", "part", "line", "order", "item", "amount"), "int"))
    orders = flow.apply_changes(
        keys=["order", "item"],
        sequence_by=["at", "packet", "part", "line"],
        apply_as_deletes="mode IN ('D', 'R')",
        column_list=["article", "amount"],
    )
    builder = DeclarativePipelineBuilder("orders").bronze("raw", from_files("none/*.csv", columns=columns))
    case = builder.silver("orders", orders).build().test(inputs={"raw": rows}, spark=spark)
    case.expect("orders", [(7, 1, "apples", 12), (8, 1, "cherries", 6), (9, 1, "figs", 1)])


def test_rules_of_each_action_take_rows_out_before_changes_are_decided(applied: Applied) -> None:
    assert {row["id"] for row in applied.tables["tracked"]}.isdisjoint(BREAKING)
    applied.case.quarantined("tracked", [{"id": "set aside"}], rule="not set aside")
    broken = applied.case.broken("tracked")
    rules = ("named", "not left out", "not set aside", "not fatal")
    assert [broken[rule] for rule in rules] == [1, 1, 1, 0]
    fatal = {"raw": [("fatal", *up(1, "fatal"))]}
    case = definition("tracked").test(inputs=fatal, spark=applied.lake.spark)
    with pytest.raises(ExpectationFailedError, match="not fatal"):
        case.rows("tracked")


def test_what_the_table_does_not_show_is_kept_beside_it_counted_and_compacted(applied: Applied) -> None:
    for name in STORED:
        path = str(applied.lake.warehouse / "system" / "changes" / "silver" / name)
        beside = applied.lake.spark.read.format("delta").load(path)
        assert beside.count() == applied.kept[name] > 0
        assert len(Snapshot.load(path).files()) <= 2, "one of the first batches, one of the last"
    deleted = {row["id"] for row in beside.where("_deleted").collect()}
    assert {"deleted", "not back", "unknown"} <= deleted


def test_the_table_has_no_columns_but_those_of_the_feed(applied: Applied) -> None:
    names = list(applied.tables["now"][0].asDict())
    assert names == ["id", "at", "part", "a", "b"]


def test_a_run_without_changes_commits_nothing(applied: Applied) -> None:
    before = applied.lake.commits("silver/now")
    applied.lake.run(definition(*STORED))
    assert applied.lake.commits("silver/now") == before
