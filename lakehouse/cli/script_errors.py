"""What was meant where a project's script fails: the way out of Python's own errors about names."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable
from typing import Any

from lakehouse import pipelines
from lakehouse.errors import closest_name, did_you_mean
from lakehouse.pipelines import DeclarativePipelineBuilder, Flow

__all__ = ["way_out"]

_CORRECT_IT = "correct this line of the project."
_UNEXPECTED = re.compile(
    r"(?P<called>[\w.]+)\(\) got an unexpected keyword argument '(?P<name>\w+)'", re.ASCII
)
_CALLED_MODULE = "'module' object is not callable"


def way_out(error: Exception) -> str:
    """Return the fix for an error that a script raises: the name that was meant, as far as one is alike."""
    match error:
        case TypeError() if found := _UNEXPECTED.search(str(error)):
            return _meant(found["name"], _arguments_of(found["called"]))
        case TypeError() if _CALLED_MODULE in str(error):
            return "call a function of the module, imported as in: from lakehouse.queries import query."
        case ImportError(name=str(module)) if wanted := _imported(error):
            return _import_of(wanted, module)
        case AttributeError(name=str(name), obj=obj):
            return _meant(name, (each for each in dir(obj) if not each.startswith("_")))
        case NameError(name=str(name)) if name in pipelines.__all__:
            return f"from lakehouse.pipelines import {name}."
    return _CORRECT_IT


def _meant(name: str, known: Iterable[str]) -> str:
    known = list(known)
    return did_you_mean(name, known) if closest_name(name, known) else _CORRECT_IT


def _arguments_of(called: str) -> list[str]:
    """Return the names of the arguments of a function of this library, as messages call it; empty for others."""
    *owners, name = called.split(".")
    places: list[Any] = [pipelines, Flow, DeclarativePipelineBuilder]
    if name == "__init__" and owners:
        found = getattr(pipelines, owners[-1], None)
    else:
        found = next((getattr(each, name) for each in places if hasattr(each, name)), None)
    return [each for each in inspect.signature(found).parameters if each != "self"] if callable(found) else []


def _imported(error: Exception) -> str | None:
    found = re.search(r"cannot import name '(\w+)'", str(error))
    return found[1] if found else None


def _import_of(wanted: str, module: str) -> str:
    if module == "lakehouse" and wanted in pipelines.__all__:
        return f"from lakehouse.pipelines import {wanted}."
    return _meant(wanted, pipelines.__all__) if module.startswith("lakehouse") else _CORRECT_IT
