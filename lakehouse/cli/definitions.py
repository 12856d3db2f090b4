"""Find the definition that a name means: a script's ``pipeline``, a YAML file, or a folder of SQL files."""

from __future__ import annotations

import os
import re
import runpy
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lakehouse.cli.errors import BrokenScriptError, RefusedInScriptError
from lakehouse.cli.script_errors import way_out
from lakehouse.errors import ConfigurationError, DefinitionError, LakehouseError
from lakehouse.pipelines import (
    PipelineDefinition,
    PipelineNotFoundError,
    read_sql_models,
    read_yaml_definition,
)
from lakehouse.project import Project, find_project

__all__ = ["definition_file", "load_definition"]

_YAML = (".yaml", ".yml")
_PLACED = re.compile(r"\S+:\d+: ")
"""How an error begins that names its line."""


def load_definition(name: str, *, file: Path | None = None) -> PipelineDefinition:
    """Return the definition ``name``: ``file`` if given, else what the project's file says, else ``jobs/NAME.py``,
    ``conf/pipelines/NAME.yaml`` or the SQL files of ``models/NAME``. For ``my-shop`` files may be called my_shop.

    Raises PipelineNotFoundError when no file defines it, or more than one.
    """
    return _load(name, definition_file(name, file=file))


def definition_file(name: str, *, file: Path | None = None) -> Path:
    """Return the file or folder that defines ``name``. Raises PipelineNotFoundError."""
    if file is not None:
        if not file.exists():
            raise PipelineNotFoundError(
                name=name,
                reason=f"should come from {str(file)!r}, which is not there",
                fix="check --definition.",
            )
        return file
    project = find_project()
    if name in project.pipelines:
        declared = _below_root(project, project.pipelines[name])
        if not declared.exists():
            reason = f"should come from {str(declared)!r}, which is not there"
            fix = f"correct {project.line_of(name)}."
            raise PipelineNotFoundError(name=name, reason=reason, fix=fix)
        return declared
    there = [path for path in _places(name) if path.exists()]
    if not there:
        places = " nor ".join(str(path) for path in _places(name))
        of_project = {_below_root(project, path) for path in project.pipelines.values()}
        stems = {*project.pipelines, *(path.stem for path in _all() if path not in of_project)}
        known = ", ".join(sorted(stems)) or "nothing yet (lakehouse init NAME)"
        raise PipelineNotFoundError(
            name=name, reason=f"is neither {places}", fix=f"use a name that exists: {known}."
        )
    if len(there) > 1:
        both = " and ".join(str(path) for path in there)
        raise PipelineNotFoundError(
            name=name, reason=f"is defined by {both}", fix=f"say which: --definition {there[0]}."
        )
    return there[0]


def _below_root(project: Project, path: Path) -> Path:
    """Return a path of the project as it is named from here."""
    return path if project.root == Path.cwd() else project.root / path


def _places(name: str) -> list[Path]:
    names = dict.fromkeys([name, name.replace("-", "_")])
    scripts = [Path("jobs") / f"{each}.py" for each in names]
    in_yaml = [Path("conf/pipelines") / f"{each}{ending}" for each in names for ending in _YAML]
    return [*scripts, *in_yaml, *(Path("models") / each for each in names)]


def _all() -> list[Path]:
    jobs = [path for path in Path("jobs").glob("*.py") if not path.name.startswith("_")]
    in_yaml = (path for path in Path("conf/pipelines").glob("*.y*ml") if path.suffix in _YAML)
    return [*jobs, *in_yaml, *(path for path in Path("models").glob("*") if path.is_dir())]


def _load(name: str, file: Path) -> PipelineDefinition:
    _know_modules_of(find_project(file.absolute().parent))
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


def _know_modules_of(project: Project) -> None:
    """Let scripts and YAML import the project's own modules: those of its folder, and of the one that is run in."""
    for folder in (str(project.root), os.getcwd()):
        if folder not in sys.path:
            sys.path.insert(0, folder)


def _variables_of(file: Path) -> Mapping[str, Any]:
    """Run a script and return its names."""
    try:
        return runpy.run_path(str(file))
    except (DefinitionError, ConfigurationError) as error:
        if _PLACED.match(str(error)):
            raise
        raise RefusedInScriptError(place=_place_of(error, file), error=error) from error
    except LakehouseError:
        raise
    except Exception as error:
        raise BrokenScriptError(place=_place_of(error, file), error=error, fix=way_out(error)) from error


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
