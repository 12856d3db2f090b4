"""The columns of a format as they are declared: names, or names with types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa

from lakehouse.ingestion.errors import InvalidFormatError
from lakehouse.ingestion.formats.records.types import UnknownTypeText, arrow_fields, arrow_type, type_text

__all__ = ["METADATA_COLUMNS", "Columns", "column_types", "columns_of", "problems_of_columns"]

Columns = tuple[tuple[str, str], ...]
"""Names and types as DDL writes them."""

METADATA_COLUMNS = ("_source_file", "_ingested_at", "_rescued_data")
"""What each raw row carries beside its own columns."""


def columns_of(given: Mapping[str, str] | Sequence[str | tuple[str, str]] | str) -> Columns:
    """Return columns as a format keeps them: of names, of names with types, or of a table's DDL.

    Columns without a type are strings. Raises UnknownTypeText for DDL that can't be read.
    """
    if isinstance(given, str):
        return tuple((name, type_text(held)) for name, held in arrow_fields(given).items())
    if isinstance(given, Mapping):
        return tuple(given.items())
    pairs = [each if isinstance(each, tuple) else (each, "string") for each in given]
    return tuple((name, text) for name, text in pairs)


def column_types(columns: Columns) -> Mapping[str, pa.DataType]:
    """Return the types by name. Raises UnknownTypeText."""
    return {name: arrow_type(text) for name, text in columns}


def problems_of_columns(columns: Columns, optional: Sequence[str]) -> list[InvalidFormatError]:
    """Return what is wrong with columns as they are declared."""
    problems = []
    names = [name for name, _ in columns]
    if unknown := [name for name in optional if name not in names]:
        problem = f"the column {unknown[0]!r} is optional, and is none of the columns"
        problems.append(
            InvalidFormatError(problem=problem, fix=f"add {unknown[0]!r} to the columns, or take it out.")
        )
    taken: dict[str, str] = {name.lower(): name for name in METADATA_COLUMNS}
    for name, text in columns:
        if (other := taken.get(name.lower())) is not None:
            problem = f"the column {name!r} can't stand beside {other!r} in one table"
            problems.append(InvalidFormatError(problem=problem, fix="leave one of them out."))
        taken[name.lower()] = name
        try:
            arrow_type(text)
        except UnknownTypeText as error:
            problem = f"the type of the column {name!r} is wrong: {error}"
            problems.append(InvalidFormatError(problem=problem, fix="write it as SQL does: decimal(10,2)."))
    return problems
