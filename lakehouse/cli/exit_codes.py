"""The exit code of the process."""

from __future__ import annotations

from enum import IntEnum

from lakehouse.errors import ConfigurationError, DefinitionError, LakehouseError

__all__ = ["ExitCode", "exit_code_of"]


class ExitCode(IntEnum):
    """The four ways a command ends."""

    FINE = 0
    FAILED = 1
    """The data, a table or a store failed: the command was right."""
    WRONG_USE = 2
    """The arguments, the settings or the definition are wrong: nothing was read or written."""
    BUG = 3
    """An error that nobody declared: please report it."""


def exit_code_of(error: BaseException) -> ExitCode:
    """Choose the exit code for an error that reached the top."""
    if isinstance(error, ConfigurationError | DefinitionError):
        return ExitCode.WRONG_USE
    return ExitCode.FAILED if isinstance(error, LakehouseError) else ExitCode.BUG
