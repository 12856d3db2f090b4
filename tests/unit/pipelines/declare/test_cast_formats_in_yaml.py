"""A type with a format is the same text in YAML and in Python."""

from __future__ import annotations

from pathlib import Path

from lakehouse.pipelines import read, read_yaml_definition

TEXT = """\
name: shop
tables:
  - name: raw
    layer: bronze
    flow:
      from_files: {pattern: "landing/*.csv", columns: [day, price]}
    write: append
  - name: typed
    layer: silver
    flow:
      read: {table: raw, incremental: true}
      steps:
        - cast:
            schema:
              day: date 'dd/MM/yyyy'
              price: decimal(10,2) '1.234,56'
    write: append
"""


def test_a_format_in_yaml_makes_the_step_that_python_makes(tmp_path: Path) -> None:
    file = tmp_path / "shop.yaml"
    file.write_text(TEXT, encoding="utf-8")
    typed = next(table for table in read_yaml_definition(file).tables if table.name == "typed")
    formats = {"day": "date 'dd/MM/yyyy'", "price": "decimal(10,2) '1.234,56'"}
    assert typed.flow.steps == read("raw", incremental=True).cast(formats).steps
