"""What the command line itself can get wrong. Everything else that it says comes from the library."""

from __future__ import annotations

from pathlib import Path

from lakehouse.errors import ConfigurationError, DefinitionError

__all__ = [
    "BrokenScriptError",
    "FileExistsAlreadyError",
    "InvalidConditionError",
    "ProjectExistsError",
    "UnwritableFileError",
]

_EXAMPLE = "units > 5 AND country IN ('France', 'Spain') AND day IS NOT NULL"


class ProjectExistsError(ConfigurationError):
    """A file of the new project exists already; nothing was written."""

    def __init__(self, *, path: Path) -> None:
        self.path = path
        super().__init__(f"{str(path)!r} already exists.", fix="choose another name, or move it away.")


class FileExistsAlreadyError(ConfigurationError):
    """The file that a verb is to write exists already; it is as it was."""

    def __init__(self, *, path: Path) -> None:
        self.path = path
        super().__init__(f"{str(path)!r} already exists.", fix="name another file, or move it away.")


class BrokenScriptError(DefinitionError):
    """The script that defines a pipeline, or a module of the project that it uses, raises an error of its own."""

    def __init__(self, *, place: str, error: Exception) -> None:
        self.place = place
        message = error.msg if isinstance(error, SyntaxError) else str(error)
        super().__init__(
            f"{place}: {type(error).__name__}: {message}.", fix="correct this line of the project."
        )


class InvalidConditionError(DefinitionError):
    """A condition can't be read, or names what the table does not have."""

    def __init__(self, *, text: str, reason: str, fix: str = f"write it as in {_EXAMPLE!r}.") -> None:
        self.text = text
        self.reason = reason
        super().__init__(f"the condition {text!r} can't be used: {reason}.", fix=fix)


class UnwritableFileError(ConfigurationError):
    """The file that somebody asked for can't be written."""

    def __init__(self, *, path: Path, error: OSError) -> None:
        self.path = path
        super().__init__(
            f"{str(path)!r} can't be written: {error.strerror}.", fix="name another file: --output FILE."
        )
