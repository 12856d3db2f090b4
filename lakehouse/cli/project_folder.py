"""The project's folder, from which its paths are read, wherever in the project a verb is called."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from lakehouse.project import find_project

__all__ = ["enter_project"]


def enter_project(given: dict[str, Any], *typed: str) -> None:
    """Go to the folder of the project's file. Paths stay what they are: every Path, and the arguments ``typed``."""
    project = find_project()
    if project.file is None or project.root == Path.cwd():
        return
    for name in {*typed, *(key for key, value in given.items() if isinstance(value, Path))}:
        path = given[name]
        if path is not None and "://" not in str(path):
            given[name] = type(path)(Path(path).absolute())
    os.chdir(project.root)
