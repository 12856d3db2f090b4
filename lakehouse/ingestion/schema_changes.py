"""What becomes of columns that files have and nobody declared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import msgspec

from lakehouse.ingestion.errors import InvalidFormatError, SchemaChangedError
from lakehouse.ingestion.file_inputs import FileInputs
from lakehouse.ingestion.formats import METADATA_COLUMNS, FileFormat

__all__ = ["RESCUED", "NewColumns", "SchemaChanges"]

NewColumns = Literal["rescue", "evolve", "ignore", "fail"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaChanges:
    """The columns of each batch, decided with the batch: a batch that is repeated has the same ones.

    ``rescue`` keeps what is not declared in ``_rescued_data``; ``evolve`` makes columns of it, and lets columns
    go; ``ignore`` leaves it out; ``fail`` stops the table. With ``infer`` the first batch evolves, whatever
    holds for later ones.
    """

    new_columns: NewColumns = "rescue"
    infer: bool = False

    def problems(self) -> list[InvalidFormatError]:
        """Return what is wrong with the declaration."""
        if self.new_columns in get_args(NewColumns):
            return []
        problem = f"new_columns is {self.new_columns!r}"
        return [InvalidFormatError(problem=problem, fix=f"use one of {', '.join(get_args(NewColumns))}.")]

    @property
    def adds_columns(self) -> bool:
        """Whether a table may get columns that are not declared."""
        return self.infer or self.new_columns == "evolve"

    @property
    def looks_first(self) -> bool:
        """Whether the columns of a batch are known only when all its files were looked through."""
        return self.infer or self.new_columns in ("evolve", "ignore")

    def to_inspect(self, declared: FileFormat) -> FileFormat:
        """Return the format by which files are looked through."""
        return declared.without_required() if self.new_columns in ("evolve", "ignore") else declared

    def decided(self, inputs: FileInputs, before: FileInputs | None, declared: FileFormat) -> FileInputs:
        """Return a batch with its columns: those of the batch before, and new ones. Raises SchemaChangedError."""
        known = dict(before.columns) if before is not None else {}
        taken = {name.lower() for name in (*declared.schema().names, *METADATA_COLUMNS, *known)}
        evolves = self.new_columns == "evolve" or (self.infer and before is None)
        for path, found in inputs.accepted().items():
            more = {
                name: held for name, held in declared.more_columns(found).items() if name.lower() not in taken
            }
            if more and self.new_columns == "fail" and not evolves:
                raise SchemaChangedError(path=path, columns=more)
            if evolves:
                known |= more
                taken |= {name.lower() for name in more}
        return msgspec.structs.replace(inputs, columns=known)

    def to_read(self, inputs: FileInputs, declared: FileFormat) -> FileFormat:
        """Return the format by which a batch is read; what ``ignored`` names is not part of the rows."""
        more = {**inputs.columns, **dict.fromkeys(self.ignored(inputs, declared), "string")}
        wide = self.to_inspect(declared)
        return wide.with_columns(more) if more else wide

    def ignored(self, inputs: FileInputs, declared: FileFormat) -> list[str]:
        """Return the columns that are read to be left out."""
        if self.new_columns != "ignore":
            return []
        taken = {name.lower() for name in (*declared.schema().names, *METADATA_COLUMNS, *inputs.columns)}
        names = _names(declared.more_columns(found) for found in inputs.accepted().values())
        ignored: dict[str, str] = {}
        for name in names:
            if name.lower() not in taken:
                ignored.setdefault(name.lower(), name)
        return list(ignored.values())


RESCUED = SchemaChanges()
"""What is not declared is kept as it came."""


def _names(found: Iterable[Mapping[str, str]]) -> Iterable[str]:
    return dict.fromkeys(name for each in found for name in each)
