"""A definition in YAML: the same objects as the builder makes, each with its file and line."""

from lakehouse.pipelines.declare.yaml.reader import read_yaml_definition

__all__ = ["read_yaml_definition"]
