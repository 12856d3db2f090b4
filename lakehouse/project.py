"""The project that a command is run in: ``lakehouse.toml``, or the table ``[tool.lakehouse]`` of ``pyproject.toml``."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from lakehouse.errors import ConfigurationError
from lakehouse.strict_yaml import ParsedYaml, YamlError, YamlProblem, parse_yaml

__all__ = ["Project", "find_project"]

_OWN_FILE = "lakehouse.toml"
_SHARED_FILE = "pyproject.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Declared:
    pipelines: Mapping[str, str] = field(default_factory=dict)
    environment: str = "local"
    environments: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    variables: Mapping[str, str | int | float | bool | list[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """What a project declares for all of its pipelines. Without a file it is the folder, and declares nothing."""

    root: Path
    file: Path | None = None
    pipelines: Mapping[str, Path] = field(default_factory=dict)
    """By name, the script, YAML file or folder of SQL files, relative to the root."""
    environment: str = "local"
    """The environment of a command that names none."""
    environments: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Settings by environment, as the file has them."""
    variables: Mapping[str, Any] = field(default_factory=dict)
    """Values of the pipelines' variables, where a run sets no others."""

    def line_of(self, key: str) -> str:
        """Return the line of the file that names a key, as ``file:line``; empty without a file."""
        if self.file is None:
            return ""
        return f"{_shown(self.file)}:{_line_in(self.file.read_text(encoding='utf-8').splitlines(), key)}"

    def settings_of(self, environment: str, as_type: type[Any]) -> Any | None:
        """Return an environment's settings as ``as_type``; None where the file has no such environment.

        Raises YamlError with the file, and the line as far as it is known.
        """
        given = self.environments.get(environment)
        if given is None or self.file is None:
            return None
        return _checked(dict(given), as_type, self.file)


def find_project(folder: Path | None = None) -> Project:
    """Return the project of a folder, or of the nearest one around it that has a file. Raises ConfigurationError."""
    start = (folder or Path.cwd()).absolute()
    for root in (start, *start.parents):
        own, shared = root / _OWN_FILE, root / _SHARED_FILE
        if own.is_file():
            return _project(own, _read(own))
        if shared.is_file() and (given := _read(shared).get("tool", {}).get("lakehouse")) is not None:
            return _project(shared, given)
    return Project(root=start)


def _project(file: Path, given: Mapping[str, Any]) -> Project:
    declared: _Declared = _checked(given, _Declared, file)
    return Project(
        root=file.parent,
        file=file,
        pipelines={name: Path(path) for name, path in declared.pipelines.items()},
        environment=declared.environment,
        environments=declared.environments,
        variables=declared.variables,
    )


def _read(file: Path) -> Mapping[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        reason, at, place = str(error).partition(" (at line ")
        line = place.partition(",")[0] if at else "1"
        problem = f"not readable as TOML: {reason}. Fix: correct this line; texts stand in quotes."
        raise YamlError(
            file=str(_shown(file)), problems=[YamlProblem(line=int(line), message=problem)]
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"{_shown(file)} can't be read: {error}.", fix="check that it is text in UTF-8."
        ) from error


def _checked(given: Mapping[str, Any], as_type: type[Any], file: Path) -> Any:
    """Return what the file says as ``as_type``; what is wrong is said with the line of the key in the file."""
    text = yaml.safe_dump(given, sort_keys=False, default_flow_style=False)
    try:
        parsed: ParsedYaml[Any] = parse_yaml(text, as_type, file=str(_shown(file)))
    except YamlError as error:
        lines, source = text.splitlines(), file.read_text(encoding="utf-8").splitlines()
        problems = [
            YamlProblem(line=_line_in(source, lines[each.line - 1]), message=each.message)
            for each in error.problems
        ]
        raise YamlError(file=str(_shown(file)), problems=problems) from None
    return parsed.value


def _shown(file: Path) -> Path:
    """Return the file as it is named from here."""
    return Path(os.path.relpath(file)) if Path.cwd() in (file.parent, *file.parents) else file


def _line_in(source: list[str], dumped: str) -> int:
    """Return the first line of a TOML file that names the key of a line of YAML; 1 where none does."""
    key = re.escape(dumped.strip().lstrip("- ").partition(":")[0].strip("'\""))
    named = re.compile(rf"(^|[\[.{{,\s\"']){key}([\].=\s\"']|$)")
    return next((number for number, line in enumerate(source, start=1) if named.search(line)), 1)
