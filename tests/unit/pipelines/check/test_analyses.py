"""What was found out about a table is known by all that it depends on, and in one session only."""

from __future__ import annotations

import dataclasses
from typing import Any

from pyspark.sql import functions as F
from pyspark.sql.types import LongType, StringType, StructType

from lakehouse.pipelines import DeclarativePipelineBuilder, Flow, from_files, read
from lakehouse.pipelines.check.analyses import Analyses, key_of
from lakehouse.pipelines.declare.definition import TableDefinition

TEXT = StructType().add("n", StringType())
NUMBER = StructType().add("n", LongType())


def table(flow: Flow, **options: Any) -> TableDefinition:
    builder = DeclarativePipelineBuilder("p")
    return builder.silver("t", flow, **options).build().resolved().tables[0]


def key(
    declared: TableDefinition,
    *,
    inputs: StructType = TEXT,
    existing: StructType | None = None,
    settings: dict[str, str] | None = None,
) -> str | None:
    return key_of(declared, inputs={"a": inputs}, existing=existing, settings=settings or {"ansi": "true"})


def plain() -> Flow:
    return read("a").cast({"n": "int"}).where("n > 0").expect_or_drop("small", "n < 9").replace()


def test_the_same_declaration_on_another_line_has_the_same_key() -> None:
    assert key(table(plain())) == key(table(plain())) is not None
    files = from_files("x/*.csv", columns=["n"]).append()
    assert key(table(files)) is not None


def test_whatever_the_check_depends_on_changes_the_key() -> None:
    declared = table(plain())
    keys = [
        key(declared),
        key(table(plain().where("n > 1"))),
        key(table(plain(), partition_by=["n"])),
        key(dataclasses.replace(declared, name="u")),
        key(dataclasses.replace(declared, layer="gold")),
        key(table(plain(), contract={"columns": "freeze"})),
        key(declared, inputs=NUMBER),
        key(declared, existing=NUMBER),
        key(declared, settings={"ansi": "false"}),
    ]
    assert None not in keys
    assert len(set(keys)) == len(keys)


def test_what_a_contract_s_file_says_counts_or_makes_the_check_be_done_each_time() -> None:
    declared = table(plain())
    agreed: Any = StructType().add("n", LongType())  # stands for any object that no text tells
    assert key(dataclasses.replace(declared, agreed=agreed)) is None


def test_what_code_makes_is_tried_each_time() -> None:
    assert key(table(plain().transform(lambda frame: frame))) is None
    assert key(table(plain().expect("big", lambda: F.col("n") > 5))) is None


class Session:
    """One that can be told from others."""


def test_what_one_session_found_is_not_known_in_another() -> None:
    one, other = (Session() for _ in range(2))
    spark: Any = one
    another: Any = other
    Analyses.of(spark).keep("k", TEXT)
    assert Analyses.of(spark).schema("k") == TEXT
    assert Analyses.of(another).schema("k") is None
    Analyses.of(spark).keep(None, NUMBER)
    assert Analyses.of(spark).schema(None) is None


def test_the_oldest_go_first_where_there_are_too_many() -> None:
    analyses = Analyses()
    for number in range(4_097):
        analyses.keep(str(number), TEXT)
        analyses.schema("0")
    assert analyses.schema("0") == TEXT
    assert analyses.schema("1") is None
