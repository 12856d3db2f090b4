"""The command line: arguments in, one library call, the answer out. No work is done here."""

from lakehouse.cli.errors import (
    BrokenScriptError,
    FileExistsAlreadyError,
    ProjectExistsError,
    RefusedInScriptError,
    UnreadableResultError,
    UnwritableFileError,
)
from lakehouse.cli.main import main

__all__ = [
    "BrokenScriptError",
    "FileExistsAlreadyError",
    "ProjectExistsError",
    "RefusedInScriptError",
    "UnreadableResultError",
    "UnwritableFileError",
    "main",
]
