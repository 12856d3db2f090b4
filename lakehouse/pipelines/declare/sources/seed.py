"""A small file of reference data that lies in the project: read whole, and again whenever it changes."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from lakehouse.errors import DefinitionError
from lakehouse.pipelines.declare.language import Call, Language, UnsayableError, names_and_types
from lakehouse.pipelines.declare.sources.declared_rows import DeclaredRows
from lakehouse.pipelines.declare.sources.history import History
from lakehouse.pipelines.declare.sources.interface import (
    NewInputs,
    SourceContext,
)
from lakehouse.pipelines.declare.yaml_part import YamlPart
from lakehouse.pipelines.errors import InvalidStepError
from lakehouse.source_location import SourceLocation
from lakehouse.words import word

__all__ = ["SeedSource"]

_FOLDERS = (Path(), Path("seeds"))
_MOST_BYTES = 8 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class _SeedYaml:
    file: str
    columns: str | Mapping[str, str] | None = None
    """Names and types, or the name of one of the file's schemas; by default the header's, as strings."""


@word("seed")
@dataclass(frozen=True, slots=True, kw_only=True)
class SeedSource(DeclaredRows):
    """The rows of a CSV file with a header, of at most 8 MiB; an empty field is NULL.

    The file is read where it is declared, so that its text is a part of the definition, as rows of ``from_rows`` are.
    """

    yaml_type: ClassVar[Any] = _SeedYaml

    file: str
    wrong: str | None = None
    """Why the file can't be read; None where it can."""

    @classmethod
    def of(cls, file: str, columns: Mapping[str, str] | None, *, location: SourceLocation) -> SeedSource:
        """Read a file, as it is named from the project's folder or from ``seeds`` in it."""
        try:
            header, rows = _read(file)
        except (OSError, ValueError, csv.Error) as error:
            reason = "there is no such file" if isinstance(error, FileNotFoundError) else str(error)
            return cls(file=file, columns=(), rows=(), wrong=reason, location=location)
        types = dict.fromkeys(header, "string") if columns is None else dict(columns)
        missing = sorted(set(types) - set(header))
        wrong = f"its header lacks {', '.join(missing)}" if missing else None
        places = [header.index(name) for name in types if name in header]
        return cls(
            file=file,
            columns=tuple(types.items()),
            rows=tuple(tuple(row[place] or None for place in places) for row in rows),
            wrong=wrong,
            location=location,
        )

    @classmethod
    def from_yaml(cls, given: _SeedYaml, part: YamlPart) -> SeedSource:
        columns = None if given.columns is None else part.at("columns").schema(given.columns)
        return cls.of(given.file, columns, location=part.location)

    def to_yaml(self, language: Language) -> dict[str, Any]:
        if self.wrong is not None:
            raise UnsayableError(self.wrong, fix="correct the file, or its name.")
        return {"file": self.file, "columns": language.value(names_and_types(self.columns))}

    def to_python(self, language: Language) -> Call:
        return Call.of("seed", self.to_yaml(language), "file")

    @property
    def label(self) -> str:
        return f"seed({self.file})"

    def problems(self) -> Sequence[DefinitionError]:
        return [
            InvalidStepError(step=self.label, wrong=wrong, fix=fix, location=self.location)
            for wrong, fix in self._wrong()
        ]

    def next_inputs(self, context: SourceContext, table: str, history: History) -> NewInputs | None:
        digest = hashlib.blake2b(repr((self.columns, self.rows)).encode(), digest_size=16).hexdigest()
        return NewInputs(
            known={"rows": digest}, reason=f"{self.file} has {len(self.rows)} rows", outside_bytes=0
        )

    def _wrong(self) -> Iterator[tuple[str, str]]:
        if self.wrong is not None:
            yield f"a file that can't be used: {self.wrong}", "check its name, header and rows."


def _read(file: str) -> tuple[list[str], list[list[str]]]:
    path = next((folder / file for folder in _FOLDERS if (folder / file).is_file()), Path(file))
    if path.stat().st_size > _MOST_BYTES:
        raise ValueError(f"it is larger than {_MOST_BYTES >> 20} MiB: read it with from_files()")
    text = path.read_text(encoding="utf-8-sig")
    lines = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    if not lines:
        raise ValueError("it is empty")
    header, rows = lines[0], [line for line in lines[1:] if line]
    for number, row in enumerate(rows, start=1):
        if len(row) != len(header):
            raise ValueError(f"row {number} has {len(row)} fields, and the header {len(header)}")
    return header, rows
