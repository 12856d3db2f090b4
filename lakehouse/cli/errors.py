"""What the command line itself can get wrong. Everything else that it says comes from the library."""

from __future__ import annotations

from pathlib import Path

from lakehouse.errors import ConfigurationError, DefinitionError, LakehouseError

__all__ = [
    "BrokenScriptError",
    "FileExistsAlreadyError",
    "ProjectExistsError",
    "RefusedInScriptError",
    "UnreadableResultError",
    "UnwritableFileError",
]


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


class UnreadableResultError(DefinitionError):
    """What a definition is in another language can't be read: the definition itself is wrong."""

    def __init__(self, *, name: str, language: str, reason: str) -> None:
        super().__init__(
            f"{name!r} is no valid definition; in {language}, {reason}",
            fix=f"correct what this says: lakehouse validate {name}.",
        )


class BrokenScriptError(DefinitionError):
    """The script that defines a pipeline, or a module of the project that it uses, raises an error of its own."""

    def __init__(
        self, *, place: str, error: Exception, fix: str = "correct this line of the project."
    ) -> None:
        self.place = place
        message = error.msg if isinstance(error, SyntaxError) else str(error)
        super().__init__(f"{place}: {type(error).__name__}: {message}.", fix=fix)


class RefusedInScriptError(DefinitionError):
    """The script declares something that the library refuses at once."""

    def __init__(self, *, place: str, error: LakehouseError) -> None:
        self.place = place
        super().__init__(f"{place}: {error}")


class UnwritableFileError(ConfigurationError):
    """The file that somebody asked for can't be written."""

    def __init__(self, *, path: Path, reason: str) -> None:
        self.path = path
        super().__init__(f"{str(path)!r} can't be written: {reason}.", fix="name another file.")
