"""A pipeline of two tables that a feed of changes makes, and one of the versions of the first."""

from __future__ import annotations

from lakehouse.pipelines import DeclarativePipelineBuilder, from_files, read

COLUMNS = ("id", "at", "op", "a")
KEYS = ["id"]

feed = read("raw", incremental=True).cast({"id": "int", "at": "int"})
builder = DeclarativePipelineBuilder("feeds").variable("landing", default="none")
builder.bronze("raw", from_files("${landing}/*.csv", columns=COLUMNS))
builder.silver(
    "now",
    feed.apply_changes(keys=KEYS, sequence_by="at", apply_as_deletes="op = 'D'", column_list=["at", "a"]),
)
builder.silver(
    "history",
    feed.apply_changes(
        keys=KEYS, sequence_by="at", apply_as_deletes="op = 'D'", column_list=["a"], stored_as_scd_type=2
    ),
)
builder.gold("versions", read("now").apply_changes_from_snapshots(keys=KEYS, stored_as_scd_type=2))
pipeline = builder.build()
