"""Modules that a YAML definition names, imported before the rest is read: they may add words."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from lakehouse.pipelines.declare.yaml_part import YamlPart
from lakehouse.strict_yaml import read_yaml

__all__ = ["load_extensions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Extensions:
    extensions: list[str] = field(default_factory=list)


def load_extensions(file: Path) -> None:
    """Import what the file lists under ``extensions``. Raises YamlError with the line of what can't be imported."""
    parsed = read_yaml(file, _Extensions, only_known_keys=True)
    top = YamlPart(file=str(file), lines=parsed.lines, schemas={})
    for number, module in enumerate(parsed.value.extensions):
        top.at("extensions", number).load(module)
