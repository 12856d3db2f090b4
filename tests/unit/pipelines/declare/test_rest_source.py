"""An API as a source: the builder and YAML declare the same, what can't be meant has its line, no secret is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lakehouse.ingestion import Bearer, Cursor, Incremental, Limits, PageNumber, Pagination
from lakehouse.pipelines import (
    DeclarativePipelineBuilder,
    Flow,
    PipelineDefinition,
    from_rest,
    read_yaml_definition,
)
from lakehouse.pipelines.refresh.fingerprint import fingerprint_of
from lakehouse.strict_yaml import YamlError

YAML = """name: shop
variables: {{api: "https://api.example.org"}}
tables:
  - name: orders
    layer: bronze
    flow:
      from_rest:
        url: ${{api}}/v1
        endpoints: [orders, refunds]
        records: data.items
        schema: {{id: bigint, updated_at: string}}
        parameters: {{region: "${{api}}"}}
        pagination: {pagination}
        auth: {auth}
        incremental: {{field: updated_at, parameter: since, initial: "2026-01-01"}}
        limits: {limits}
    write: append
"""
GIVEN = {
    "pagination": "{cursor: {next: meta.next}}",
    "auth": "{bearer: {secret: 'env:TOKEN'}}",
    "limits": "{concurrency: 32, requests_per_second: 2.5}",
}


def in_yaml(folder: Path, **changed: str) -> PipelineDefinition:
    file = folder / "shop.yaml"
    file.write_text(YAML.format(**{**GIVEN, **changed}))
    return read_yaml_definition(file)


def built(**changed: Any) -> Flow:
    given: dict[str, Any] = {
        "endpoints": ["orders", "refunds"],
        "records": "data.items",
        "schema": {"id": "bigint", "updated_at": "string"},
        "parameters": {"region": "${api}"},
        "pagination": Cursor(next="meta.next"),
        "auth": Bearer(secret="env:TOKEN"),
        "incremental": Incremental(field="updated_at", parameter="since", initial="2026-01-01"),
        "limits": Limits(concurrency=32, requests_per_second=2.5),
    }
    return from_rest("${api}/v1", **{**given, **changed}).append()


def test_yaml_and_the_builder_declare_the_same(tmp_path: Path) -> None:
    (table,) = in_yaml(tmp_path).tables
    assert table.flow == built()
    (filled,) = in_yaml(tmp_path).with_variables({"api": "https://other"}).tables
    assert filled.flow.source.label == "'https://other/v1'"
    assert "'region': 'https://other'" in repr(filled.flow.source)
    assert list(filled.flow.source.problems()) == []


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            {"pagination": "{pages: {}}"},
            "the word after pagination is unknown. Fix: use one of cursor, link_header",
        ),
        (
            {"pagination": "{cursor: {nxt: a}}"},
            "pagination.cursor has no option 'nxt'. Fix: did you mean 'next'?",
        ),
        ({"pagination": "{cursor: {}}"}, "missing required field `next`"),
        (
            {"auth": "sk-live-123456"},
            "the word after auth is unknown. Fix: use one of api_key, basic, bearer, none.",
        ),
        (
            {"limits": "{concurency: 3}"},
            "limits has no option 'concurency'. Fix: did you mean 'concurrency'?",
        ),
    ],
)
def test_what_yaml_cant_mean_is_refused_with_its_line_and_no_secret(
    tmp_path: Path, changed: dict[str, str], message: str
) -> None:
    with pytest.raises(YamlError) as refused:
        in_yaml(tmp_path, **changed)
    assert message in str(refused.value)
    assert "shop.yaml:7:" in str(refused.value)
    assert "sk-live" not in str(refused.value)


def test_problems_of_an_api_have_the_line_that_declares_it() -> None:
    flow = from_rest("api.example.org", auth=Bearer(secret="sk-live-123456"), limits=Limits(tasks=0))
    problems = [str(each) for each in flow.source.problems()]
    assert all(text.startswith(str(flow.source.location)) for text in problems)
    assert "test_rest_source.py" in problems[0]
    assert [text.partition(": ")[2].partition(".")[0] for text in problems] == [
        "'api",
        "a secret is given by its value, or not at all",
        "tasks is 0",
    ]
    assert "sk-live" not in "".join(problems) + repr(flow)


def test_a_whole_list_gives_all_rows_and_an_incremental_one_new_rows() -> None:
    assert built().source.gives_all_rows is False
    assert built(incremental=None).source.gives_all_rows is True


@pytest.mark.parametrize(
    "changed",
    [
        {"schema": {"id": "bigint", "updated_at": "timestamp"}},
        {"pagination": PageNumber()},
        {"pagination": Cursor(next="meta.other")},
        {"records": "data"},
        {"endpoints": ["orders"]},
        {"incremental": None},
    ],
)
def test_another_declaration_is_another_definition(changed: dict[str, Any]) -> None:
    assert fingerprint_of(built(**changed)) != fingerprint_of(built()) == fingerprint_of(built())


def test_a_pagination_of_ones_own_fits_in(tmp_path: Path) -> None:
    class Mirrored(Pagination):
        def parameters(self, position: Any) -> dict[str, str]:
            return {}

        def after(self, position: Any, reply: Any) -> None:
            return None

    flow = built(pagination=Mirrored())
    definition = DeclarativePipelineBuilder("own").bronze("orders", flow).build()
    assert list(definition.tables[0].flow.source.problems()) == []
