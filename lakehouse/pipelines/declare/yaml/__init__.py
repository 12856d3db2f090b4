"""A definition in YAML or in SQL files: the same objects as the builder makes, each with its file and line."""

from lakehouse.pipelines.declare.yaml.json_schema import definition_schema
from lakehouse.pipelines.declare.yaml.reader import read_yaml_definition
from lakehouse.pipelines.declare.yaml.sql_models import read_sql_models
from lakehouse.pipelines.declare.yaml.writer import write_yaml_definition

__all__ = ["definition_schema", "read_sql_models", "read_yaml_definition", "write_yaml_definition"]
