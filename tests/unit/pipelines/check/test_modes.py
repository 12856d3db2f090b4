"""What a stream can't do is found without Spark, with its line: results that depend on where rows are cut.

Every word of a definition stands here, with what a stream does of it and what it refuses.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from lakehouse.ingestion import Incremental
from lakehouse.pipelines import (
    DeclarativePipelineBuilder,
    Flow,
    from_delta,
    from_files,
    from_jdbc,
    from_kafka,
    from_parquet,
    from_range,
    from_rate,
    from_rest,
    from_rows,
    from_table,
    read,
    read_pairs,
    sql,
    stream_problems,
)
from lakehouse.pipelines.declare import beginnings
from tests.unit.pipelines.declare.transformations import positive

NEW, ALL = read("raw", incremental=True), read("raw")
STATE = {"id": "int", "n": "bigint"}
GOOD = ("good", "id > 0")
SNAPSHOTS = {"keys": "id", "stored_as_scd_type": 2}
SINCE = Incremental(field="at", parameter="since")

FINE: dict[str, tuple[Flow, ...]] = {
    "where": (NEW.where("id > 0").append(),),
    "select": (NEW.select("id", "name LIKE ANY ('a', 'b') AS likes", "upper(name) AS big").append(),),
    "rename": (NEW.rename({"id": "key"}).append(),),
    "cast": (NEW.cast({"id": "int"}).append(),),
    "deduplicate": (
        NEW.deduplicate("id").append(),
        NEW.deduplicate("id", against_target=False).merge("id"),
    ),
    "watermark": (NEW.watermark("at", "2 days").append(),),
    "update_state": (NEW.update_state(positive, keys="id", schema=STATE).merge("id"),),
    "transform": (
        NEW.transform(positive).append(),
        NEW.transform(positive, per="row").append(),
        NEW.transform("SELECT id FROM {input}").append(),
        NEW.transform(positive, per="id").merge("id"),
    ),
    "join": (NEW.join("more", on="id").append(), NEW.join("more", on="id", how="inner").append()),
    "union": (NEW.union("more").deduplicate("id").append(),),
    "aggregate": (ALL.aggregate(by="id", n="count(*)").replace(),),
    "pivot": (ALL.pivot("kind", ["a"], by="id", measure="sum(n)").replace(),),
    "expect": (NEW.expect(*GOOD).append(),),
    "expect_or_drop": (NEW.expect_or_drop(*GOOD).append(),),
    "expect_or_quarantine": (NEW.expect_or_quarantine(*GOOD).append(),),
    "expect_or_fail": (NEW.expect_or_fail(*GOOD).append(),),
    "not_null": (NEW.not_null("id").append(), NEW.not_null("id", at_most="1 %", action="warn").append()),
    "accepted": (NEW.accepted("kind", ["a"]).append(),),
    "between": (NEW.between("id", 1, 9).append(),),
    "matches": (NEW.matches("id", "[0-9]+").append(),),
    "unique": (NEW.unique("id").append(),),
    "references": (NEW.references("more", "id").append(),),
    "row_count": (NEW.row_count(minimum=1).append(),),
    "freshness": (NEW.freshness("at", within="1 day").append(),),
    "same_sum": (NEW.same_sum("more", "n", at_most="1 %").append(),),
    "steady": (ALL.aggregate(by="id", n="count(*)").steady("count(*)").replace(),),
    "append": (NEW.append(),),
    "replace": (ALL.replace(),),
    "merge": (NEW.merge("id", sequence_by="at"),),
    "replace_where": (ALL.replace_where("day"),),
    "apply_changes": (NEW.apply_changes(keys="id", sequence_by="at", stored_as_scd_type=2),),
    "apply_changes_from_snapshots": (
        NEW.apply_changes_from_snapshots(sequence_by="_source_file", **SNAPSHOTS),
        ALL.apply_changes_from_snapshots(**SNAPSHOTS),
    ),
}
TOGETHER, TOLERATED = "puts rows of one batch together", "tolerates rows by the batch (at_most=3)"
REFUSED: dict[str, tuple[tuple[Flow, str], ...]] = {
    "select": (
        (NEW.select("id", "count(*) OVER (PARTITION BY id) AS n").append(), "which looks at several rows"),
        (NEW.select("sum(id) AS total").append(), "calls sum, which looks at several rows"),
    ),
    "deduplicate": ((NEW.deduplicate("id", against_target=False).append(), "compares only rows of one"),),
    "transform": ((NEW.transform(positive, per="id").append(), "makes groups by id"),),
    "join": ((NEW.join("more", on="id", how="full_outer").append(), "also gives rows of more alone"),),
    "aggregate": ((NEW.aggregate(by="id", n="count(*)").append(), TOGETHER),),
    "pivot": ((NEW.pivot("kind", ["a"], by="id", measure="sum(n)").append(), TOGETHER),),
    "expect": ((NEW.expect("first", "row_number() OVER (ORDER BY id) = 1").append(), "looks at several"),),
    "expect_or_drop": ((NEW.expect_or_drop(*GOOD, at_most=3).append(), TOLERATED),),
    "expect_or_quarantine": ((NEW.expect_or_quarantine(*GOOD, at_most=3).append(), TOLERATED),),
    "expect_or_fail": ((NEW.expect_or_fail(*GOOD, at_most=3).append(), TOLERATED),),
    "not_null": ((NEW.not_null("id", at_most=3).append(), TOLERATED),),
    "accepted": ((NEW.accepted("kind", ["a"], at_most=3).append(), TOLERATED),),
    "between": ((NEW.between("id", 1, 9, at_most=3).append(), TOLERATED),),
    "matches": ((NEW.matches("id", "[0-9]+", at_most=3).append(), TOLERATED),),
    "unique": ((NEW.unique("id", at_most=3).append(), TOLERATED),),
    "references": ((NEW.references("more", "id", at_most=3).append(), TOLERATED),),
    "row_count": ((NEW.row_count(minimum=10, of="batch").append(), "counts the rows of one batch"),),
    "steady": ((NEW.steady("count(*)").append(), "compares one batch with those before"),),
    "apply_changes_from_snapshots": (
        (NEW.apply_changes_from_snapshots(**SNAPSHOTS), "takes each batch for a whole snapshot"),
    ),
}
BY_WHAT_CAME = ("join", "references", "unique", "update_state", "watermark")
"""Words that look at what was there before, in any mode: the docs say so."""
NOT_DECLARED = {"apply", "step", "rule", "write", "source", "steps", "rules", "write_mode", "expectations"}
"""What a flow has beside its words: parts of it, and ways in for objects that have words of their own."""

NEW_ROWS_OF = {
    "from_files": from_files("*.csv", columns=["id"]),
    "from_kafka": from_kafka("broker:9092", "orders", value="text"),
    "from_rate": from_rate(),
    "from_rest": from_rest("https://api.example.org", schema=STATE, incremental=SINCE),
    "from_jdbc": from_jdbc("jdbc:postgresql://db/shop", table="t", columns=STATE, cursor="id"),
    "from_table": from_table("main.shop.days", columns=STATE, incremental=True),
    "from_delta": from_delta("gold.days", incremental=True),
    "read": NEW,
    "read_pairs": read_pairs("raw", "more", on="id", times=("at", "at")),
}
ALL_ROWS_OF = {
    "from_rest": from_rest("https://api.example.org", schema=STATE),
    "from_jdbc": from_jdbc("jdbc:postgresql://db/shop", table="t", columns=STATE),
    "from_table": from_table("main.shop.days", columns=STATE),
    "from_delta": from_delta("gold.days"),
    "from_parquet": from_parquet("old/days", columns=STATE),
    "from_range": from_range(9),
    "from_rows": from_rows([(1, 2)], columns=STATE),
    "sql": sql("SELECT * FROM {raw}"),
    "read": ALL,
}
OF_FILES = {"seed", "sql_file"}
"""Beginnings whose rows or query stand in a file of the project: they are ``from_rows`` and ``sql`` else."""


def problems(flow: Flow) -> list[str]:
    builder = DeclarativePipelineBuilder("p").bronze("raw", from_files("*.csv", columns=["id", "at"]))
    return [str(each) for each in stream_problems(builder.silver("clean", flow).build())]


def test_every_word_of_a_definition_has_a_witness_here() -> None:
    words = {name for name in dir(Flow) if not name.startswith("_")}
    assert words - NOT_DECLARED == set(FINE)
    assert set(REFUSED) < set(FINE)
    begun = set(beginnings.__all__) - {"begin", "begin_with_query"}
    assert begun - OF_FILES == NEW_ROWS_OF.keys() | ALL_ROWS_OF.keys()


@pytest.mark.parametrize("word", REFUSED)
def test_what_depends_on_the_cut_is_a_problem_with_its_line(word: str) -> None:
    for flow, problem in REFUSED[word]:
        (found,) = problems(flow)
        assert problem in found
        assert "test_modes.py:" in found
        assert "Fix: " in found


@pytest.mark.parametrize("word", FINE)
def test_what_gives_the_same_however_rows_are_cut_is_fine(word: str) -> None:
    for flow in FINE[word]:
        assert problems(flow) == []


@pytest.mark.parametrize("word", sorted(NEW_ROWS_OF.keys() | ALL_ROWS_OF.keys()))
def test_groups_are_refused_behind_each_beginning_that_gives_new_rows_only(word: str) -> None:
    for begun, wanted in ((NEW_ROWS_OF, 1), (ALL_ROWS_OF, 0)):
        if word in begun:
            assert len(problems(begun[word].aggregate(by="id", n="count(*)").append())) == wanted


def test_what_goes_by_what_came_before_is_said_in_the_docs() -> None:
    docs = (Path(__file__).parents[4] / "docs/explanation/batch-or-stream.md").read_text()
    (said,) = [part for part in docs.split("\n\n") if "by what came before" in part]
    assert [word for word in BY_WHAT_CAME if f"`{word}" not in said] == []
