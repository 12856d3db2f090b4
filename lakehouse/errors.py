"""The root of every error this library raises, and its families.

An error says what failed, repeats the value, says what was expected, and ends in ``Fix:``.
Nothing here imports another module of the project but ``masking``.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from lakehouse.masking import masked

__all__ = [
    "ConfigurationError",
    "DataError",
    "DefinitionError",
    "LakehouseError",
    "MissingDependencyError",
    "StorageError",
    "TableError",
    "closest_name",
    "did_you_mean",
]


class LakehouseError(Exception):
    """The root: catch it to catch every error that this library raises on purpose."""

    def __init__(self, message: str, *, fix: str = "") -> None:
        self.fix = fix
        super().__init__(f"{message} Fix: {fix}" if fix else message)

    def __str__(self) -> str:
        return masked(Exception.__str__(self))  # a KeyError among the bases would show its repr


class ConfigurationError(LakehouseError):
    """The settings or the environment are wrong: nothing was read or written."""


class MissingDependencyError(ConfigurationError):
    """A package that is needed here is not installed; ``extra`` is the extra of lakehouse that installs it."""

    def __init__(self, *, package: str, purpose: str, extra: str = "") -> None:
        self.package = package
        self.extra = extra
        super().__init__(
            f"{purpose} needs the package {package!r}, which is not installed.",
            fix=f"pip install 'lakehouse[{extra}]'." if extra else f"pip install {package}.",
        )


class DefinitionError(LakehouseError):
    """A pipeline is declared incorrectly: found before any data is read."""


class DataError(LakehouseError):
    """The data breaks a rule that was declared as fatal, or can't be used at all."""


class StorageError(LakehouseError):
    """A storage service could not do what was asked."""


class TableError(LakehouseError):
    """A table could not be read or written."""


def closest_name(name: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate that a misspelled name most likely means, in any case; None when no name is similar."""
    by_lower_case = {candidate.lower(): candidate for candidate in candidates}
    found = difflib.get_close_matches(name.lower(), by_lower_case, n=1)
    return by_lower_case[found[0]] if found else None


def did_you_mean(name: str, candidates: Iterable[str]) -> str:
    """Return the fix for an unknown name: the most similar candidate, or all candidates."""
    known = sorted(candidates)
    close = closest_name(name, known)
    if close is not None:
        return f"did you mean {close!r}?"
    return f"use one of {', '.join(known)}." if known else "declare it first."
