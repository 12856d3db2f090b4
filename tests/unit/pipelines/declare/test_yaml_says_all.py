"""YAML says all that Python says: every word of a flow, with every one of its parameters, survives the way there."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from lakehouse.errors import LakehouseError
from lakehouse.ingestion import ApiKey, Incremental, Limits, Offset
from lakehouse.pipelines import (
    DeclarativePipelineBuilder,
    Flow,
    PipelineDefinition,
    definition_schema,
    read,
    read_yaml_definition,
    session_window,
    window,
    write_yaml_definition,
)
from lakehouse.pipelines.declare import beginnings
from lakehouse.pipelines.declare.table_options import OptionWords, TableOptions
from tests.unit.pipelines.declare.transformations import positive

Calls = Mapping[str, tuple[dict[str, Any], ...]]
"""By word, the arguments of its calls by name; ``*`` are those of a word that takes any number of names."""

SEED = "codes.csv"
TYPES = {"id": "int", "day": "date"}
JUDGED = {"action": "drop", "at_most": "1 %"}
CONDITION = {"name": "known", "condition": "id > 0", "null_is_fine": True}
HISTORY = {
    "keys": ["id"],
    "column_list": ["a"],
    "except_column_list": ["b"],
    "stored_as_scd_type": 2,
    "track_history_column_list": ["a"],
    "track_history_except_column_list": ["b"],
    "evolve_schema": True,
}
FLOW_WORDS: Calls = {
    "where": ({"condition": "id > 0"},),
    "select": ({"*": ("id", "day AS d")},),
    "rename": ({"names": {"id": "key"}, "more": {"day": "at"}},),
    "cast": ({"schema": TYPES, "on_error": "null"},),
    "deduplicate": (
        {"*": ("id",), "keep": "latest", "order_by": "day", "within": "2 days", "against_target": False},
    ),
    "watermark": ({"column": "at", "delay": "2 hours"},),
    "update_state": ({"function": positive, "keys": ["id"], "schema": TYPES},),
    "transform": ({"change": positive, "per": ["id"]}, {"change": "SELECT id FROM {input}"}),
    "join": (
        {"other": read("rates").where("id > 0"), "on": ["id"], "how": "inner"},
        {"other": "b", "on": "x"},
    ),
    "union": ({"*": (read("more").where("id > 0"), "others")},),
    "aggregate": (
        {"by": ["day"], "measures": {"n": "count(*)"}},
        {"by": window("at", "1 hour", slide="10 minutes", start="5 minutes"), "measures": {"n": "count(*)"}},
        {"by": ["id", session_window("at", "5 minutes")], "measures": {"n": "count(*)"}},
    ),
    "pivot": ({"column": "kind", "values": ["a", "b"], "by": ["id"], "measure": "sum(n)"},),
    "expect": (CONDITION,),
    "expect_or_drop": ({**CONDITION, "at_most": 3},),
    "expect_or_quarantine": ({**CONDITION, "at_most": 3},),
    "expect_or_fail": ({**CONDITION, "at_most": 3},),
    "not_null": ({"*": ("id", "day"), **JUDGED},),
    "accepted": (
        {"column": "kind", "values": ["a", "b"], **JUDGED},
        {"column": "kind", "values": "${kinds}"},
    ),
    "between": ({"column": "id", "minimum": 1, "maximum": 9, **JUDGED},),
    "matches": ({"column": "id", "pattern": "[0-9]+", **JUDGED},),
    "unique": ({"*": ("id", "day"), **JUDGED},),
    "references": ({"table": "codes", "columns": ["id"], "to": ["code"], **JUDGED},),
    "row_count": ({"minimum": 1, "maximum": "${most}", "of": "batch", "action": "warn"},),
    "freshness": ({"column": "day", "within": "1 day", "action": "warn"},),
    "same_sum": ({"table": "raw", "column": "n", "to": "m", **JUDGED},),
    "steady": ({"measured": "avg(n)", "within": "20 %", "runs": 5, "action": "warn"},),
    "append": ({"evolve_schema": True},),
    "replace": ({},),
    "merge": ({"*": ("id",), "sequence_by": "day"},),
    "replace_where": ({"column": "day"},),
    "apply_changes": (
        {
            **HISTORY,
            "sequence_by": ["at", "n"],
            "apply_as_deletes": "op = 'D'",
            "apply_as_truncates": "op = 'T'",
            "ignore_null_updates": True,
        },
    ),
    "apply_changes_from_snapshots": ({**HISTORY, "sequence_by": "at"},),
}
NOT_DECLARED = {"apply", "step", "rule", "write", "source", "steps", "rules", "write_mode", "expectations"}
"""What a flow has beside its words: parts of it, and ways in for objects that have words of their own."""

BEGINNINGS: Calls = {
    "from_files": (
        {
            "pattern": "*.csv",
            "columns": TYPES,
            "optional": ["day"],
            "delimiter": ";",
            "encoding": "latin-1",
            "names_grow": True,
            "at_rest_seconds": 1.5,
            "on_rewritten": "replace",
            "options": {"nulls": ["-"]},
            "manifest": True,
            "path_columns": ["part"],
            "modified_after": "2024-01-01",
            "modified_before": "2024-02-01",
            "max_files": 3,
            "max_bytes": 4000,
            "schema_changes": "ignore",
            "infer_schema": True,
            "after_commit": "done",
        },
        {"pattern": "*.json", "format": "json_lines", "columns": TYPES},
    ),
    "from_rest": (
        {
            "url": "https://api.example.org",
            "endpoints": ["orders", "items"],
            "records": "data",
            "schema": TYPES,
            "pagination": Offset(limit=5),
            "auth": ApiKey(header="X-Key", secret="env:KEY"),
            "incremental": Incremental(field="at", parameter="since"),
            "parameters": {"a": "b"},
            "headers": {"c": "d"},
            "limits": Limits(tasks=7),
        },
    ),
    "from_jdbc": (
        {
            "url": "jdbc:postgresql://db/shop",
            "table": "orders",
            "columns": TYPES,
            "user": "env:USER",
            "password": "env:PASSWORD",
            "driver": "org.postgresql.Driver",
            "partition_on": "id",
            "partitions": 3,
            "fetch_rows": 5,
            "cursor": "at",
            "overlap_seconds": 5.0,
            "keys": ["id"],
        },
        {"url": "jdbc:postgresql://db/shop", "query": "SELECT 1 AS id", "columns": TYPES},
    ),
    "read_pairs": (
        {
            "left": "clicked",
            "right": "shown",
            "on": ["ad"],
            "times": ("clicked_at", "shown_at"),
            "earlier": "1 hour",
            "later": "5 minutes",
        },
    ),
    "from_kafka": (
        {
            "servers": "broker:9092",
            "topic": ["orders", "items"],
            "value": "csv",
            "columns": TYPES,
            "options": {"delimiter": ";"},
            "key": "raw",
            "starting": "latest",
            "max_offsets": 10,
            "on_loss": "accept",
            "security": "sasl_ssl",
            "mechanism": "SCRAM-SHA-512",
            "user": "env:USER",
            "password": "env:PASSWORD",
            "client": {"a": "b"},
        },
    ),
    "read": ({"table": "orders", "incremental": True}, {"table": "orders", "changes": True}),
    "from_delta": ({"table": "gold.days", "incremental": True}, {"table": "lake/days", "changes": True}),
    "from_parquet": ({"path": "old/days", "columns": TYPES},),
    "from_table": ({"table": "main.shop.days", "format": "iceberg", "columns": TYPES, "incremental": True},),
    "from_rows": ({"rows": [(1, "2024-01-01"), {"id": 2}], "columns": TYPES},),
    "from_range": ({"stop": 9, "start": 1, "step": 2, "column": "n"},),
    "from_rate": ({"rows_per_second": 7},),
    "seed": ({"file": SEED, "columns": {"code": "string", "units": "int"}},),
    "sql": ({"query": "SELECT * FROM {orders}"},),
    "sql_file": ({"file": "days.sql"},),
}
OF_OBJECTS = {"begin", "begin_with_query"}
"""Beginnings that take an object, or what another one reads."""

OPTIONS: Mapping[str, Any] = {
    "comment": "all",
    "columns": {"id": "a key"},
    "tags": {"kind": "test"},
    "owner": "ann",
    "partition_by": ["day"],
    "cluster_by": ["id"],
    "properties": {"delta.appendOnly": "true"},
    "refresh_policy": "incremental",
    "refresh_every": "5 minutes",
    "timeout": "1 hour",
    "strict": True,
    "maintain": "auto",
    "maintain_seconds": 5,
    "maintain_megabytes": 7,
    "target_file_megabytes": 64,
    "retention": "14 days",
    "contract": {"columns": "freeze", "file": "orders.yaml"},
    "renamed": {"qty": "quantity"},
}


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / SEED).write_text("code,units\nDE,1\n")
    (tmp_path / "days.sql").write_text("SELECT day FROM {orders}\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def called(function: Any, given: Mapping[str, Any]) -> Any:
    """Call with arguments by name, where any number of them is taken spread out."""
    named = dict(given)
    spread = named.pop("*", ())
    more = named.pop("measures", {}) | named.pop("more", {})
    return function(*spread, **named, **more)


def one_table(flow: Flow) -> PipelineDefinition:
    return DeclarativePipelineBuilder("shop").gold("report", flow).build()


def is_the_same_in_yaml(definition: PipelineDefinition) -> bool:
    text = write_yaml_definition(definition)
    Draft202012Validator(definition_schema()).validate(yaml.safe_load(text))
    Path("written.yaml").write_text(text, encoding="utf-8")
    return read_yaml_definition(Path("written.yaml")) == definition


def parameters(function: Any) -> dict[str, inspect.Parameter]:
    found = inspect.signature(function).parameters
    spread = inspect.Parameter.VAR_POSITIONAL
    return {"*" if each.kind == spread else name: each for name, each in found.items() if name != "self"}


def without(bound: Any, call: Mapping[str, Any], name: str) -> PipelineDefinition | None:
    """Return what is declared without this parameter; None where the others need it."""
    try:
        return one_table(called(bound, {key: value for key, value in call.items() if key != name}))
    except LakehouseError:
        return None


def check(words: Calls, word: str, function: Any, bound: Any) -> None:
    """See that the calls of a word give each parameter, that each says something, and that YAML says the same."""
    known = parameters(function)
    assert {name for call in words[word] for name in call} == set(known)
    for call in words[word]:
        definition = one_table(called(bound, call))
        assert is_the_same_in_yaml(definition)
        for name in call:
            if known[name].default is not inspect.Parameter.empty:
                assert without(bound, call, name) != definition, f"{word}: {name}"


def test_every_word_of_a_flow_has_a_witness_here() -> None:
    words = {name for name in dir(Flow) if not name.startswith("_")}
    assert words - NOT_DECLARED == set(FLOW_WORDS)
    assert set(beginnings.__all__) - OF_OBJECTS == set(BEGINNINGS)
    assert set(OPTIONS) == set(TableOptions.__dataclass_fields__) == set(OptionWords.__annotations__)
    public = {name for name in dir(DeclarativePipelineBuilder) if not name.startswith("_")}
    assert public == {"variable", "view", "bronze", "silver", "gold", "table", "build"}


@pytest.mark.parametrize("word", FLOW_WORDS)
def test_a_word_of_a_flow_says_the_same_in_yaml(word: str) -> None:
    check(FLOW_WORDS, word, getattr(Flow, word), getattr(read("orders"), word))


@pytest.mark.parametrize("word", BEGINNINGS)
def test_a_beginning_says_the_same_in_yaml(word: str) -> None:
    function = getattr(beginnings, word)
    check(BEGINNINGS, word, function, function)


def test_options_variables_views_and_layers_say_the_same_in_yaml() -> None:
    builder = DeclarativePipelineBuilder("shop")
    builder.variable("token", default="x", type="text", source="env:TOKEN", secret=True)
    builder.variable("since", default="2024-01-01", type="date").variable("least", default=1)
    builder.view("paid", read("orders").where("paid").expect("known", "id > 0"))
    builder.bronze("a", read("paid").append()).silver("b", read("paid").append())
    builder.table("c", read("paid").append(), layer="platinum")
    for number, (name, value) in enumerate(OPTIONS.items()):
        builder.gold(f"t{number}", read("paid").replace(), **{name: value})  # type: ignore[arg-type]
        assert TableOptions(**{name: value}) != TableOptions(), name
    assert is_the_same_in_yaml(builder.build())
