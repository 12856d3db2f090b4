"""What the JSON Schema accepts, the reader reads; what the reader refuses for its shape, the schema refuses too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from lakehouse.pipelines import definition_schema, read_yaml_definition
from lakehouse.strict_yaml import YamlError

ROOT = Path(__file__).parents[4]
FLOW = {"read": {"table": "orders"}, "steps": [{"where": "id > 0"}]}


def definition(**table: Any) -> dict[str, Any]:
    given = {"name": "t", "layer": "gold", "flow": FLOW, "write": "replace", **table}
    return {"name": "shop", "tables": [given]}


def flow(**changed: Any) -> dict[str, Any]:
    return definition(flow={**FLOW, **changed})


ACCEPTED = [
    definition(),
    definition(options={"comment": "all", "columns": {"id": "a key"}, "partition_by": ["day"]}),
    definition(options={"timeout": "30 min", "strict": True}),
    definition(write={"merge": {"keys": ["id"]}}),
    flow(
        steps=[
            {"aggregate": {"by": ["day"], "measures": {"n": "count(*)"}}},
            {"cast": {"schema": {"n": "int"}}},
        ]
    ),
    flow(
        rules=[{"not_null": {"columns": ["id"], "action": "drop"}}],
        expect={"a": {"condition": "b"}, "c": "d"},
    ),
]
REFUSED = [
    {"name": "shop"},
    definition(layr="gold"),
    definition(write={"merge": {"keys": ["id"]}, "append": {}}),
    flow(from_files={"pattern": "*.csv"}),
    flow(steps=[{"where": "a", "select": ["b"]}]),
    flow(steps=[{"wher": "a"}]),
    flow(steps={"where": "a"}),
    flow(rules=[{"not_null": {"columns": ["id"], "action": "loud"}}]),
    definition(flow={"steps": []}),
    definition(options={"coment": "typo"}),
]


def is_valid(given: Any) -> bool:
    return bool(Draft202012Validator(definition_schema()).is_valid(given))


def is_read(given: Any, folder: Path) -> bool:
    file = folder / "given.yaml"
    file.write_text(yaml.safe_dump(given))
    try:
        read_yaml_definition(file)
    except YamlError:
        return False
    return True


@pytest.mark.parametrize("given", ACCEPTED)
def test_a_good_definition_is_valid_and_read(given: Any, tmp_path: Path) -> None:
    assert (is_valid(given), is_read(given, tmp_path)) == (True, True)


@pytest.mark.parametrize("given", REFUSED)
def test_a_definition_of_another_shape_is_neither_valid_nor_read(given: Any, tmp_path: Path) -> None:
    assert (is_valid(given), is_read(given, tmp_path)) == (False, False)


def test_the_schema_is_one_itself_and_takes_the_projects_own_definition() -> None:
    Draft202012Validator.check_schema(definition_schema())
    for file in (ROOT / "conf" / "pipelines").glob("*.yaml"):
        assert is_valid(yaml.safe_load(file.read_text())), file


def test_an_editor_sees_what_a_step_does_and_the_words_from_outside() -> None:
    file = ROOT / "tests" / "unit" / "pipelines" / "declare" / "with_extension.yaml"
    steps = definition_schema(file)["$defs"]["Step"]["properties"]
    assert steps["where"]["description"] == "Keeps the rows for which the condition is true."
    assert "first_rows" in steps
