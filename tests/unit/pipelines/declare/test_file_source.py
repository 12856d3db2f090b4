"""Files as a source say what is wrong with their declaration, with its line, before a file is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakehouse.pipelines import FileSource, from_files, read_yaml_definition


def test_problems_of_the_format_carry_the_line_of_the_declaration(tmp_path: Path) -> None:
    source = from_files(f"{tmp_path}/*.csv", columns=("id",), delimiter="\\t", optional=("w",)).source
    first, second = map(str, source.problems())
    line = f"{Path(__file__).name}:{source.location.line}: "
    assert line + "the delimiter '\\\\t' is a backslash and a letter." in first
    assert line + "the column 'w' is optional, and is none of the columns." in second


@pytest.mark.parametrize("delimiter", ["||", ",", "\t"])
def test_a_fine_declaration_has_no_problem(tmp_path: Path, delimiter: str) -> None:
    source = from_files(f"{tmp_path}/*.csv", columns=("id", "w"), delimiter=delimiter, optional=["w"]).source
    assert list(source.problems()) == []


def test_yaml_and_python_declare_the_same_files(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(
        """
name: p
tables:
  - name: raw
    layer: bronze
    write: append
    flow:
      from_files:
        pattern: in/*.csv
        columns: [id, w]
        optional: [w]
        delimiter: "||"
        encoding: utf-16
        at_rest_seconds: 300
"""
    )
    (table,) = read_yaml_definition(path).tables
    in_python = from_files(
        "in/*.csv",
        columns=("id", "w"),
        optional=("w",),
        delimiter="||",
        encoding="utf-16",
        at_rest_seconds=300,
    )
    assert isinstance(table.flow.source, FileSource)
    assert table.flow.source == in_python.source
