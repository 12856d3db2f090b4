"""A folder of SQL files gives the definition that Python gives; what is wrong in one is said with its file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakehouse.pipelines import (
    DeclarativePipelineBuilder,
    from_files,
    graph_of,
    read,
    read_sql_models,
    sql,
)
from lakehouse.strict_yaml import YamlError

RAW = """\
/*
from_files: {pattern: "${landing}/*.csv", columns: sales}
write: append
*/
"""
CLEAN = """\
/*
read: {table: raw, incremental: true}
expect_or_drop:
  sold: "units > 0"
write: {merge: [id]}
options: {comment: good ones}
*/
SELECT id, CAST(units AS int) AS units FROM {input};
"""
TOTAL = "-- The sum of all.\nSELECT sum(units) AS units FROM {clean}\n"


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        layer, _, table = name.partition("__")
        (folder / layer).mkdir(exist_ok=True)
        (folder / layer / f"{table}.sql").write_text(text)
    return folder


def test_sql_files_give_the_tables_that_python_gives(tmp_path: Path) -> None:
    (tmp_path / "pipeline.yaml").write_text(
        "name: shop\nvariables: {landing: data}\nschemas: {sales: {id: int, units: string}}\n"
    )
    write(tmp_path, bronze__raw=RAW, silver__clean=CLEAN, gold__total=TOTAL, views__big="SELECT 1 FROM {raw}")
    clean = read("raw", incremental=True).transform("SELECT id, CAST(units AS int) AS units FROM {input}")
    expected = (
        DeclarativePipelineBuilder("shop")
        .variable("landing", default="data")
        .view("big", sql("SELECT 1 FROM {raw}"))
        .bronze("raw", from_files("${landing}/*.csv", columns=["id", "units"]).append())
        .gold("total", sql("-- The sum of all.\nSELECT sum(units) AS units FROM {clean}").replace())
        .silver("clean", clean.expect_or_drop("sold", "units > 0").merge("id"), comment="good ones")
        .build()
    )
    declared = read_sql_models(tmp_path)
    assert {table.name: table for table in declared.tables} == {
        table.name: table for table in expected.tables
    }
    assert (declared.name, declared.variables, declared.views) == ("shop", expected.variables, expected.views)
    assert graph_of(declared).order == ("raw", "clean", "total")
    clean_table = graph_of(declared).tables["clean"]
    assert [step.location.line for step in clean_table.flow.steps] == [8]
    assert [rule.location.line for rule in clean_table.flow.rules] == [4]


def test_without_a_pipeline_file_the_folder_gives_the_name(tmp_path: Path) -> None:
    assert read_sql_models(write(tmp_path, gold__total=TOTAL)).name == tmp_path.name


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("/*\nfrom_file: x\n*/\n", r"clean\.sql:2: .*did you mean 'from_files'"),
        ("/*\n\nwrite: appendd\n*/\nSELECT 1 FROM {raw}", r"clean\.sql:3: there is no write mode 'appendd'"),
        (
            "\n/* no end\nSELECT 1 FROM {raw}",
            r"clean\.sql:2: the comment does not end\. Fix: end it with '\*/'",
        ),
        ("/* Good ones. */\nSELECT 1 FROM {raw}", r"clean\.sql:1: the first comment .* Fix: .* behind '--'"),
        ("-- nothing\n", r"clean\.sql:1: the query names no table"),
        ("", r"clean\.sql:1: there is no query"),
        ("SELECT 1", r"clean\.sql:1: the query names no table of the pipeline"),
    ],
)
def test_what_is_wrong_in_a_file_is_said_with_its_line(tmp_path: Path, text: str, wrong: str) -> None:
    with pytest.raises(YamlError, match=wrong):
        read_sql_models(write(tmp_path, silver__clean=text))


def test_a_file_in_the_folder_of_no_layer_is_not_left_out_silently(tmp_path: Path) -> None:
    (tmp_path / "total.sql").write_text(TOTAL)
    with pytest.raises(
        YamlError, match=r"total\.sql:1: it lies in the folder of no layer.* Fix: .*gold/total\.sql"
    ):
        read_sql_models(tmp_path)
    query = f"sql_file: {tmp_path / 'total.sql'}"
    (tmp_path / "pipeline.yaml").write_text(
        f"name: shop\ntables: [{{name: total, layer: gold, flow: {{{query}}}, write: replace}}]\n"
    )
    assert [table.name for table in read_sql_models(tmp_path).tables] == ["total"]
