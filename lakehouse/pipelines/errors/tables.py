"""What can be wrong with the tables of a definition and their names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lakehouse.errors import DefinitionError, did_you_mean
from lakehouse.source_location import SourceLocation

__all__ = [
    "CycleError",
    "DefinitionErrors",
    "DuplicateNameError",
    "InvalidNameError",
    "InvalidOptionsError",
    "InvalidVariableError",
    "InvalidViewError",
    "MissingVariableError",
    "NoSuchTableError",
    "OwnTableOutsideError",
    "PipelineNotFoundError",
    "QuarantineNameError",
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
            f"{second}: {name!r} is declared already at {first}.",
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
            f"{location}: {table!r} reads {source!r}, which is not declared.", fix=_meant(source, list(known))
        )


class OwnTableOutsideError(DefinitionError):
    """A flow takes a table of its own pipeline for one from outside, so that nothing says which comes first."""

    def __init__(self, *, source: str, table: str, location: SourceLocation) -> None:
        self.source = source
        super().__init__(
            f"{location}: {table!r} reads {source!r} as a table from outside, and this pipeline makes it.",
            fix=f"read it as a table of the pipeline: read({source!r}).",
        )


class NoSuchTableError(DefinitionError):
    """There is no Delta table where a flow reads one from outside."""

    def __init__(self, *, source: str, table: str, path: str, location: SourceLocation) -> None:
        self.source = source
        super().__init__(
            f"{location}: {table!r} reads the Delta table {source!r}, and there is none at {path!r}.",
            fix="check the path, or write layer.name for a table of the same warehouse.",
        )


class CycleError(DefinitionError):
    """Tables read each other in a circle."""

    def __init__(self, *, tables: Sequence[str], location: SourceLocation) -> None:
        self.tables = tuple(tables)
        circle = " <- ".join([*tables, tables[0]])
        super().__init__(
            f"{location}: tables read each other in a circle: {circle}.", fix="take one of these reads out."
        )


class UnknownLayerError(DefinitionError):
    """A table stands in a layer that nothing is registered for."""

    def __init__(self, *, layer: str, table: str, known: Iterable[str], location: SourceLocation) -> None:
        self.layer = layer
        super().__init__(
            f"{location}: {table!r} is in the layer {layer!r}, which is not registered.",
            fix=f"{did_you_mean(layer, known)} A new layer: PipelineFactory.register({layer!r}, YourPipeline).",
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


class InvalidVariableError(DefinitionError):
    """The value of a variable is not of its type."""

    def __init__(
        self, *, variable: str, value: object, expected: str, location: SourceLocation | None = None
    ) -> None:
        self.variable = variable
        where = f"{location}: " if location else ""
        super().__init__(
            f"{where}the variable {variable!r} is {value!r}, expected {expected}.",
            fix=f"give it another value: --set {variable}=….",
        )


class MissingVariableError(DefinitionError):
    """A variable has no value: nothing is set for the run, its source has none, and it has no default."""

    def __init__(self, *, variable: str, source: str | None, location: SourceLocation | None = None) -> None:
        self.variable = variable
        where = f"{location}: " if location else ""
        nothing = f", and {source} gives none" if source else ""
        super().__init__(
            f"{where}the variable {variable!r} has no value{nothing}.",
            fix=f"give it one: --set {variable}=…, or a default.",
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


class QuarantineNameError(DefinitionError):
    """A table has the name of another table's quarantine."""

    def __init__(self, *, name: str, owner: str, location: SourceLocation) -> None:
        self.name = name
        super().__init__(
            f"{location}: the rows that are set aside from {owner!r} go to a table called {name!r} too.",
            fix="give this table another name.",
        )


class InvalidOptionsError(DefinitionError):
    """The options of a table don't fit together."""

    def __init__(self, *, table: str, wrong: str, fix: str, location: SourceLocation) -> None:
        self.table = table
        super().__init__(f"{location}: the options of {table!r} have {wrong}.", fix=fix)


class InvalidViewError(DefinitionError):
    """A view asks for what only a table can have."""

    def __init__(self, *, view: str, wrong: str, fix: str, location: SourceLocation) -> None:
        self.view = view
        super().__init__(f"{location}: the view {view!r} {wrong}.", fix=fix)


def _meant(source: str, known: Sequence[str]) -> str:
    """Say which table may be meant: by its layer too, where several layers have the name."""
    in_layers = [name for name in known if name.endswith(f".{source}")]
    return f"say which: {' or '.join(in_layers)}." if in_layers else did_you_mean(source, known)
