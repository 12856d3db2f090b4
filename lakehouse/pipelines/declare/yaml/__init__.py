"""A definition in YAML: the same objects as the builder makes, each with its file and line."""

from lakehouse.pipelines.declare.yaml.json_schema import definition_schema
from lakehouse.pipelines.declare.yaml.reader import read_yaml_definition

__all__ = ["definition_schema", "read_yaml_definition"]
