"""Find the definition that a name means: a script's ``pipeline``, a YAML file, or a folder of SQL files."""

from __future__ import annotations

import os
import runpy
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lakehouse.cli.errors import BrokenScriptError
from lakehouse.errors import LakehouseError
from lakehouse.pipelines import (
    PipelineDefinition,
    PipelineNotFoundError,
    read_sql_models,
    read_yaml_definition,
)

__all__ = ["load_definition"]

_YAML = (".yaml", ".yml")


def load_definition(name: str, *, file: Path | None = None) -> PipelineDefinition:
    """Return the definition ``name``: ``file`` if given, else ``jobs/NAME.py``, ``conf/pipelines/NAME.yaml`` or
    the SQL files of ``models/NAME``.

    Raises PipelineNotFoundError when no file defines it, or more than one.
    """
    if file is not None:
        if not file.exists():
            raise PipelineNotFoundError(
                name=name,
                reason=f"should come from {str(file)!r}, which is not there",
                fix="check --definition.",
            )
        return _load(name, file)
    there = [path for path in _places(name) if path.exists()]
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
    in_yaml = (Path("conf/pipelines") / f"{name}{ending}" for ending in _YAML)
    return [Path("jobs") / f"{name}.py", *in_yaml, Path("models") / name]


def _all() -> list[Path]:
    jobs = [path for path in Path("jobs").glob("*.py") if not path.name.startswith("_")]
    in_yaml = (path for path in Path("conf/pipelines").glob("*.y*ml") if path.suffix in _YAML)
    return [*jobs, *in_yaml, *(path for path in Path("models").glob("*") if path.is_dir())]


def _load(name: str, file: Path) -> PipelineDefinition:
    if file.is_dir():
        return read_sql_models(file)
    if file.suffix in _YAML:
        return read_yaml_definition(file)
    found = _variables_of(file).get("pipeline")
    if not isinstance(found, PipelineDefinition):
        raise PipelineNotFoundError(
            name=name,
            reason=f"should come from {str(file)!r}, which has no PipelineDefinition named 'pipeline'",
            fix="end the script with: pipeline = DeclarativePipelineBuilder(...).….build().",
        )
    return found


def _variables_of(file: Path) -> Mapping[str, Any]:
    """Run a script and return its names; modules of the project lie where the command is run."""
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        return runpy.run_path(str(file))
    except LakehouseError:
        raise
    except Exception as error:
        raise BrokenScriptError(place=_place_of(error, file), error=error) from error


def _place_of(error: Exception, file: Path) -> str:
    """Return the line to correct: of the code that can't be read, or the last one of the project that was run."""
    if isinstance(error, SyntaxError):
        return f"{error.filename}:{error.lineno}"
    project = str(Path.cwd())
    of_project = [
        f"{os.path.relpath(frame.filename)}:{frame.lineno}"
        for frame in traceback.extract_tb(error.__traceback__)
        if os.path.abspath(frame.filename).startswith(project) and "site-packages" not in frame.filename
    ]
    return of_project[-1] if of_project else str(file)
