"""The YAML form of the retail pipeline has the tables of the Python form, with the same schemas."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.pipelines import resolve
from lakehouse.pipelines.declare.yaml import read_yaml_definition

pytestmark = pytest.mark.spark

ROOT = Path(__file__).parents[3]


def test_both_forms_resolve_to_the_same_graph(spark: SparkSession) -> None:
    in_python = runpy.run_path(str(ROOT / "jobs" / "retail.py"))["pipeline"]
    in_yaml = read_yaml_definition(ROOT / "conf" / "pipelines" / "retail_in_yaml.yaml")
    landing = {"landing": str(ROOT / "data" / "retail")}
    one, other = (resolve(each.with_variables(landing), spark) for each in (in_python, in_yaml))
    assert one.problems == other.problems == ()
    assert one.graph.inputs == other.graph.inputs
    assert one.schemas == other.schemas
    assert [(t.name, t.layer, t.flow.write_mode) for t in in_python.tables] == [
        (t.name, t.layer, t.flow.write_mode) for t in in_yaml.tables
    ]
