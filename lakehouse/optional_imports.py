"""Import what only an extra installs, at the moment it is needed. The one place for imports that may fail."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

from lakehouse.errors import MissingDependencyError

__all__ = ["find", "is_installed", "require"]


def require(module: str, *, extra: str, purpose: str) -> Any:
    """Return the module. Raises MissingDependencyError, which names the extra that installs it.

    ``purpose`` begins the error's sentence: "Storage on S3 or ADLS" needs the package 'obstore'.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        _reraise_if_ours(error)
        package = (error.name or module).partition(".")[0]
        raise MissingDependencyError(package=package, extra=extra, purpose=purpose) from error


def find(module: str) -> Any | None:
    """Return the module; None when it, or a package that it imports, is not installed."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        _reraise_if_ours(error)
        return None


def is_installed(package: str) -> bool:
    """Say whether the top-level package can be imported; imports nothing."""
    return importlib.util.find_spec(package) is not None


def _reraise_if_ours(error: ImportError) -> None:
    """A module of this library that can't be imported is a bug, not a missing package."""
    if (error.name or "").partition(".")[0] == __name__.partition(".")[0]:
        raise error
