"""What becomes of columns that come, go, or have values of another type than they had."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import msgspec

from lakehouse.ingestion.column_changes import ColumnChanges
from lakehouse.ingestion.errors import InvalidFormatError, SchemaChangedError
from lakehouse.ingestion.file_inputs import FileInputs
from lakehouse.ingestion.formats import METADATA_COLUMNS, Accepted, FileFormat
from lakehouse.ingestion.formats.records import evolved_text, fits_text, joined_text, settled_text

__all__ = ["RESCUED", "SchemaChanges", "SchemaMode"]

SchemaMode = Literal["rescue", "evolve", "ignore", "fail"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaChanges:
    """The columns of each batch, decided with the batch: a batch that is repeated has the same ones.

    ``rescue`` keeps what is not declared, and values that do not fit, in ``_rescued_data``, and sets a file aside
    that lacks a column. ``evolve`` makes columns of what is not declared, lets them grow, and lets columns go;
    ``ignore`` leaves out whatever does not fit; ``fail`` stops the table for each of them. With ``infer`` the first
    batch evolves, whatever holds for later ones.
    """

    mode: SchemaMode = "rescue"
    infer: bool = False

    def problems(self) -> list[InvalidFormatError]:
        """Return what is wrong with the declaration."""
        if self.mode in get_args(SchemaMode):
            return []
        problem = f"schema_changes is {self.mode!r}"
        return [InvalidFormatError(problem=problem, fix=f"use one of {', '.join(get_args(SchemaMode))}.")]

    @property
    def adds_columns(self) -> bool:
        """Whether a table may get columns that are not declared."""
        return self.infer or self.mode == "evolve"

    @property
    def looks_first(self) -> bool:
        """Whether the columns of a batch are known only when all its files were looked through."""
        return self.infer or self.mode in ("evolve", "ignore")

    def to_inspect(self, declared: FileFormat) -> FileFormat:
        """Return the format by which files are looked through."""
        if self.mode == "fail":
            return declared.noting_changes()
        return declared.without_required() if self.mode in ("evolve", "ignore") else declared

    def decided(self, inputs: FileInputs, before: FileInputs | None, declared: FileFormat) -> FileInputs:
        """Return a batch with its columns: those of the batch before, and new ones. Raises SchemaChangedError."""
        known = dict(before.columns) if before is not None else {}
        evolves = self.mode == "evolve" or (self.infer and before is None)
        if self.mode == "fail":
            for path, found in inputs.accepted().items():
                changes = self._changes(found, known, declared, takes_new=evolves)
                if changes:
                    raise SchemaChangedError(path=path, changes=changes)
        if evolves:
            known = _evolved(known, inputs, declared)
        return msgspec.structs.replace(inputs, columns=known)

    def to_read(self, inputs: FileInputs, declared: FileFormat) -> FileFormat:
        """Return the format by which a batch is read; what ``ignored`` names is not part of the rows."""
        more = {**inputs.columns, **dict.fromkeys(self.ignored(inputs, declared), "string")}
        wide = self.to_inspect(declared)
        if self.mode == "ignore":
            wide = wide.without_unfit_values()
        return wide.with_columns(more) if more else wide

    def ignored(self, inputs: FileInputs, declared: FileFormat) -> list[str]:
        """Return the columns that are read to be left out."""
        if self.mode != "ignore":
            return []
        taken = {name.lower() for name in (*_declared_names(declared), *inputs.columns)}
        names = _names(declared.more_columns(found) for found in inputs.accepted().values())
        ignored: dict[str, str] = {}
        for name in names:
            if name.lower() not in taken:
                ignored.setdefault(name.lower(), name)
        return list(ignored.values())

    def _changes(
        self, found: Accepted, known: Mapping[str, str], declared: FileFormat, *, takes_new: bool
    ) -> ColumnChanges:
        """Return how a file differs from the columns that are declared and known."""
        there = declared.more_columns(found)
        taken = {name.lower() for name in (*_declared_names(declared), *known)}
        new = {name: settled_text(held) for name, held in there.items() if name.lower() not in taken}
        changed = {
            name: settled_text(held)
            for name, held in there.items()
            if name in known and not fits_text(known[name], held)
        }
        return ColumnChanges(
            new={} if takes_new else new,
            missing=tuple(declared.missing_columns(found)),
            changed={**declared.changed_types(found), **changed},
        )


RESCUED = SchemaChanges()
"""What is not declared is kept as it came."""


def _evolved(known: Mapping[str, str], inputs: FileInputs, declared: FileFormat) -> dict[str, str]:
    """Return the columns of a batch: known ones as they grow, and new ones of the type that all its values have."""
    taken = {name.lower() for name in _declared_names(declared)}
    grown, new = dict(known), dict[str, str]()
    names = {name.lower(): name for name in known}
    for found in inputs.accepted().values():
        for name, held in declared.more_columns(found).items():
            if name in known:
                grown[name] = evolved_text(grown[name], held)
            elif name.lower() not in taken and names.setdefault(name.lower(), name) == name:
                new[name] = joined_text(new[name], held) if name in new else held
    return {**grown, **{name: settled_text(held) for name, held in new.items()}}


def _declared_names(declared: FileFormat) -> tuple[str, ...]:
    return (*declared.schema().names, *METADATA_COLUMNS)


def _names(found: Iterable[Mapping[str, str]]) -> Iterable[str]:
    return dict.fromkeys(name for each in found for name in each)
