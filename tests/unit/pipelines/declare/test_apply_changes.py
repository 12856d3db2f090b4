"""How a feed of changes is declared: in Python as in YAML, and what can't be meant is refused without Spark."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lakehouse.pipelines import DeclarativePipelineBuilder, InvalidWriteModeError, read
from lakehouse.pipelines.check.declarations import declaration_problems
from lakehouse.pipelines.declare.yaml import read_yaml_definition
from lakehouse.strict_yaml import YamlError

FEED = read("raw", incremental=True)


@pytest.mark.parametrize(
    ("options", "wrong"),
    [
        ({"keys": []}, "no keys"),
        ({"sequence_by": []}, "no sequence_by"),
        ({"column_list": ["a"], "except_column_list": ["b"]}, "column_list and except_column_list"),
        ({"stored_as_scd_type": 3}, "stored_as_scd_type=3"),
        ({"track_history_column_list": ["a"]}, "without history"),
        (
            {
                "stored_as_scd_type": 2,
                "track_history_column_list": ["a"],
                "track_history_except_column_list": ["a"],
            },
            "track_history_column_list and track_history_except_column_list",
        ),
        ({"apply_as_truncates": "op = 'T'", "stored_as_scd_type": 2}, "apply_as_truncates"),
        ({"keys": ["_row"]}, "_row"),
        ({"sequence_by": "__START_AT"}, "__START_AT"),
    ],
)
def test_what_can_t_be_meant_is_refused_with_its_line(options: dict[str, Any], wrong: str) -> None:
    flow = FEED.apply_changes(**{"keys": ["id"], "sequence_by": "at", **options})
    definition = DeclarativePipelineBuilder("p").bronze("raw", FEED.append()).silver("t", flow).build()
    (problem,) = [
        each for each in declaration_problems(definition) if isinstance(each, InvalidWriteModeError)
    ]
    assert wrong in str(problem)
    assert "test_apply_changes.py:" in str(problem)
    assert "Fix: " in str(problem)


def test_yaml_says_the_same_as_python(tmp_path: Path) -> None:
    file = tmp_path / "feed.yaml"
    file.write_text(
        """
name: feed
tables:
  - name: customers
    layer: silver
    flow: {read: {table: raw, incremental: true}}
    write:
      apply_changes:
        keys: [id]
        sequence_by: [at, part]
        apply_as_deletes: "op = 'D'"
        ignore_null_updates: true
        except_column_list: [op]
        stored_as_scd_type: 2
        track_history_except_column_list: [seen_at]
""",
        encoding="utf-8",
    )
    expected = FEED.apply_changes(
        keys=["id"],
        sequence_by=["at", "part"],
        apply_as_deletes="op = 'D'",
        ignore_null_updates=True,
        except_column_list=["op"],
        stored_as_scd_type=2,
        track_history_except_column_list=["seen_at"],
    )
    assert read_yaml_definition(file).tables[0].flow == expected


def test_a_wrong_type_of_history_is_refused_with_its_line_in_yaml(tmp_path: Path) -> None:
    file = tmp_path / "feed.yaml"
    file.write_text(
        "name: feed\n"
        "tables:\n"
        "  - name: customers\n"
        "    layer: silver\n"
        "    flow: {read: {table: raw, incremental: true}}\n"
        "    write:\n"
        "      apply_changes: {keys: [id], sequence_by: at, stored_as_scd_type: 3}\n",
        encoding="utf-8",
    )
    with pytest.raises(YamlError, match="7"):
        read_yaml_definition(file)
