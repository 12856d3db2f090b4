"""Find the definition that a name means: a script's ``pipeline``, or a YAML file."""

from __future__ import annotations

import runpy
from pathlib import Path

from lakehouse.pipelines import PipelineDefinition, PipelineNotFoundError, read_yaml_definition

__all__ = ["load_definition"]

_YAML = (".yaml", ".yml")


def load_definition(name: str, *, file: Path | None = None) -> PipelineDefinition:
    """Return the definition ``name``: ``file`` if given, else ``jobs/NAME.py`` or ``conf/pipelines/NAME.yaml``.

    Raises PipelineNotFoundError when no file defines it, or more than one.
    """
    if file is not None:
        if not file.is_file():
            raise PipelineNotFoundError(
                name=name,
                reason=f"should come from {str(file)!r}, which is not a file",
                fix="check --definition.",
            )
        return _load(name, file)
    there = [path for path in _places(name) if path.is_file()]
    if not there:
        places = " nor ".join(str(path) for path in _places(name))
        known = ", ".join(sorted({path.stem for path in _all()})) or "nothing yet (lakehouse init NAME)"
        raise PipelineNotFoundError(
            name=name, reason=f"is neither {places}", fix=f"use a name that exists: {known}."
        )
    if len(there) > 1:
        both = " and ".join(str(path) for path in there)
        raise PipelineNotFoundError(
            name=name, reason=f"is defined by {both}", fix=f"say which: --definition {there[0]}."
        )
    return _load(name, there[0])


def _places(name: str) -> list[Path]:
    return [Path("jobs") / f"{name}.py", *(Path("conf/pipelines") / f"{name}{ending}" for ending in _YAML)]


def _all() -> list[Path]:
    jobs = [path for path in Path("jobs").glob("*.py") if not path.name.startswith("_")]
    return [*jobs, *(path for path in Path("conf/pipelines").glob("*.y*ml") if path.suffix in _YAML)]


def _load(name: str, file: Path) -> PipelineDefinition:
    if file.suffix in _YAML:
        return read_yaml_definition(file)
    found = runpy.run_path(str(file)).get("pipeline")
    if not isinstance(found, PipelineDefinition):
        raise PipelineNotFoundError(
            name=name,
            reason=f"should come from {str(file)!r}, which has no PipelineDefinition named 'pipeline'",
            fix="end the script with: pipeline = DeclarativePipelineBuilder(...).….build().",
        )
    return found
