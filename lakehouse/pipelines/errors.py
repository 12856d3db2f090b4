"""What can be wrong with a definition, each with the line that says so, and how a run can end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lakehouse.errors import DataError, DefinitionError, did_you_mean
from lakehouse.source_location import SourceLocation

__all__ = [
    "BrokenStepError",
    "ChangedFileError",
    "CycleError",
    "DefinitionErrors",
    "DuplicateNameError",
    "InvalidNameError",
    "LostCastErrorsError",
    "NoWriteModeError",
    "PipelineNotFoundError",
    "ReplacedInputError",
    "UnknownColumnError",
    "UnknownLayerError",
    "UnknownSelectionError",
    "UnknownSourceError",
    "UnknownVariableError",
]


class DefinitionErrors(DefinitionError):  # noqa: N818 - it is several
    """All that is wrong with a definition, found in one go."""

    def __init__(self, errors: Sequence[DefinitionError], *, not_checked: Sequence[str] = ()) -> None:
        self.errors = tuple(errors)
        self.not_checked = tuple(not_checked)
        count = "one error" if len(errors) == 1 else f"{len(errors)} errors"
        lines = [f"  {line}" for line in (*map(str, errors), *not_checked)]
        super().__init__("\n".join([f"the definition has {count}:", *lines]))


class DuplicateNameError(DefinitionError):
    """Two tables have the same name."""

    def __init__(self, *, name: str, first: SourceLocation, second: SourceLocation) -> None:
        self.name = name
        super().__init__(
            f"{second}: the table {name!r} is declared already at {first}.",
            fix="give one of them another name.",
        )


class InvalidNameError(DefinitionError):
    """A name can't be a folder and an identifier on every store."""

    def __init__(self, *, name: str, location: SourceLocation) -> None:
        self.name = name
        super().__init__(
            f"{location}: {name!r} can't name a table or a layer.",
            fix="use lower-case letters, digits and '_', beginning with a letter.",
        )


class UnknownSourceError(DefinitionError):
    """A flow reads a table that is not declared."""

    def __init__(self, *, source: str, table: str, known: Iterable[str], location: SourceLocation) -> None:
        self.source = source
        self.table = table
        super().__init__(
            f"{location}: {table!r} reads {source!r}, which is not declared.", fix=did_you_mean(source, known)
        )


class CycleError(DefinitionError):
    """Tables read each other in a circle."""

    def __init__(self, *, tables: Sequence[str], location: SourceLocation) -> None:
        self.tables = tuple(tables)
        circle = " <- ".join([*tables, tables[0]])
        super().__init__(
            f"{location}: tables read each other in a circle: {circle}.", fix="take one of these reads out."
        )


class ChangedFileError(DataError):
    """A file changed or vanished after a batch had named it, and before its rows were written."""

    def __init__(self, *, table: str, path: str, batch_key: str) -> None:
        self.table = table
        self.path = path
        super().__init__(
            f"the file {path!r} is not as it was when the batch {batch_key!r} of {table!r} named it.",
            fix="put the file back as it was and run again; or, if it is gone for good, delete that batch's file.",
        )


class UnknownLayerError(DefinitionError):
    """A table stands in a layer that nothing is registered for."""

    def __init__(self, *, layer: str, table: str, known: Iterable[str], location: SourceLocation) -> None:
        self.layer = layer
        super().__init__(
            f"{location}: {table!r} is in the layer {layer!r}, which is not registered.",
            fix=f"{did_you_mean(layer, known)} A new layer: PipelineFactory.register({layer!r}, YourPipeline).",
        )


class NoWriteModeError(DefinitionError):
    """A table doesn't say how its rows are written."""

    def __init__(self, *, table: str, location: SourceLocation) -> None:
        super().__init__(
            f"{location}: {table!r} doesn't say how it is written.",
            fix="end the flow with .append(), .replace() or .merge(keys).",
        )


class UnknownVariableError(DefinitionError):
    """A ``${name}`` or a ``--set`` names no variable of the pipeline."""

    def __init__(
        self, *, variable: str, known: Iterable[str], location: SourceLocation | None = None
    ) -> None:
        self.variable = variable
        where = f"{location}: " if location else ""
        super().__init__(
            f"{where}the variable {variable!r} is not declared.",
            fix=f"{did_you_mean(variable, known)} Declare one with .variable(name, default=...).",
        )


class UnknownColumnError(DefinitionError):
    """A step names a column that its input does not have."""

    def __init__(
        self,
        *,
        column: str,
        available: Sequence[str],
        step: str,
        location: SourceLocation,
        table: str | None = None,
    ) -> None:
        self.column = column
        self.available = tuple(available)
        self.step = step
        self.location = location
        self.table = table
        of_table = f" of {table!r}" if table else ""
        super().__init__(
            f"{location}: {step}{of_table} names the column {column!r}, which its input does not have. "
            f"It has: {', '.join(available)}.",
            fix=did_you_mean(column, available),
        )

    def in_table(self, table: str) -> UnknownColumnError:
        """Return the same error with the table's name."""
        return UnknownColumnError(
            column=self.column, available=self.available, step=self.step, location=self.location, table=table
        )


class BrokenStepError(DefinitionError):
    """Spark refuses a step on frames of the declared types, for another reason than an unknown column."""

    def __init__(self, *, table: str, step: str, reason: str, location: SourceLocation) -> None:
        self.table = table
        self.step = step
        self.reason = reason
        super().__init__(
            f"{location}: {step} of {table!r} can't work: {reason}.", fix="mend the expression or its types."
        )


class LostCastErrorsError(DefinitionError):
    """A step takes away the column that carries failed casts, so that they would be lost in silence."""

    def __init__(self, *, table: str, step: str, location: SourceLocation) -> None:
        super().__init__(
            f"{location}: {step} of {table!r} drops what could not be cast before, so that it would be lost.",
            fix="cast after this step, or say what a failed cast shall do: .cast(schema, on_error='null' or 'fail').",
        )


class UnknownSelectionError(DefinitionError):
    """A selection names nothing in the pipeline."""

    def __init__(self, *, selection: str, known: Iterable[str]) -> None:
        self.selection = selection
        super().__init__(f"the selection {selection!r} matches no table.", fix=did_you_mean(selection, known))


class PipelineNotFoundError(DefinitionError):
    """There is no definition of this name, or there are two."""

    def __init__(self, *, name: str, reason: str, fix: str) -> None:
        self.name = name
        super().__init__(f"the pipeline {name!r} {reason}.", fix=fix)


class ReplacedInputError(DataError):
    """A table that is read incrementally is no longer the table that was read before."""

    def __init__(self, *, table: str, source: str, path: str) -> None:
        self.table = table
        self.source = source
        super().__init__(
            f"{table!r} read rows of {source!r} before, and the table at {path!r} has been replaced since.",
            fix=f"delete the folder of {table!r} to build it anew from all rows.",
        )
