"""Excel workbooks, read by calamine: a sheet with a header, its columns found by name."""

from __future__ import annotations

import datetime as dt
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, ClassVar

import pyarrow as pa

from lakehouse.ingestion.errors import InvalidFormatError, UnreadableFileError
from lakehouse.ingestion.formats.compression import check_unpacked
from lakehouse.ingestion.formats.content import FileContent
from lakehouse.ingestion.formats.portable import Findings, PortableFormat
from lakehouse.ingestion.formats.record_format import findings_in
from lakehouse.ingestion.formats.records import Record, batches_of
from lakehouse.optional_imports import require
from lakehouse.words import word

__all__ = ["ExcelFormat"]

_CELL_BYTES = 16


@word("excel")
@dataclass(frozen=True, slots=True, kw_only=True)
class ExcelFormat(PortableFormat):
    """Workbooks (xlsx, xlsm, xlsb, xls, ods): one sheet, whose first row that is not empty has the names.

    Cells have types: in a column that is a string a whole number is written without a fraction, a date as ISO 8601.
    Empty rows are left out. A workbook is read as a whole. Needs the extra ``formats`` wherever files are read.
    """

    seeks: ClassVar[bool] = True
    unit: ClassVar[str] = "row"

    sheet: str | int = 0
    """Its name, or its place from 0."""
    skip_rows: int = 0
    """How many rows stand before the header."""

    def _problems_of_options(self) -> Sequence[InvalidFormatError]:
        if self.skip_rows >= 0:
            return ()
        return [InvalidFormatError(problem=f"skip_rows is {self.skip_rows}", fix="give 0 or more.")]

    def look(self, content: FileContent) -> Findings:
        found = Findings()
        for file in content.files():
            if content.head:
                header, rows = self._sheet(file)
                one = findings_in(_records(header, rows), dict(self.columns), self.unfit_values)
                found.records += 1 + one.records
                found.names |= {name for name in header if name in dict(self.columns)}
                found.changed |= one.changed
                for name in header:
                    if name not in dict(self.columns):
                        found.note_column(name, one.more.get(name, pa.null()))
        return found

    def rows_of(self, content: FileContent) -> Iterator[pa.RecordBatch]:
        for file in content.files():
            header, rows = self._sheet(file)
            yield from batches_of(_records(header, rows), self.arrow_columns(), keeps_unfit=self.keeps_unfit)

    def _sheet(self, file: BinaryIO) -> tuple[Sequence[str], Sequence[Sequence[Any]]]:
        calamine = require("python_calamine", extra="formats", purpose="Reading Excel")
        _check_ratio(file)
        try:
            workbook = calamine.CalamineWorkbook.from_filelike(file)
            names = workbook.sheet_names
            at = names.index(self.sheet) if isinstance(self.sheet, str) else self.sheet
            rows = workbook.get_sheet_by_index(at).to_python(skip_empty_area=False)[self.skip_rows :]
        except (ValueError, IndexError):
            raise UnreadableFileError(
                f"it has no sheet {self.sheet!r}; it has {', '.join(map(repr, names))}"
            ) from None
        except Exception as error:
            first = str(error).partition("\n")[0]
            raise UnreadableFileError(f"it is no whole workbook ({first})") from error
        filled = [row for row in rows if any(cell != "" for cell in row)]
        if not filled:
            raise UnreadableFileError("its sheet has no header")
        return _header(filled[0]), filled[1:]


def _records(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> Iterator[Record]:
    for row in rows:
        values = {name: _value(cell) for name, cell in zip(header, row, strict=True) if name}
        unnamed = [_value(cell) for name, cell in zip(header, row, strict=True) if not name and cell != ""]
        if unnamed:
            values["_unnamed_cells"] = unnamed
        yield Record(values, len(row) * _CELL_BYTES + sum(len(cell) for cell in row if isinstance(cell, str)))


def _header(row: Sequence[Any]) -> Sequence[str]:
    names = [str(_value(cell)) if cell != "" else "" for cell in row]
    repeated = sorted({name for name in names if name and names.count(name) > 1})
    if repeated:
        raise UnreadableFileError(f"its header names {repeated[0]!r} more than once")
    return names


def _value(cell: Any) -> Any:
    if cell == "":
        return None
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1 << 53:
        return int(cell)  # a workbook has one kind of number
    if isinstance(cell, dt.timedelta):
        return str(cell)
    return cell


def _check_ratio(file: BinaryIO) -> None:
    if zipfile.is_zipfile(file):
        file.seek(0)
        try:
            with zipfile.ZipFile(file) as archive:
                files = archive.infolist()
        except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
            raise UnreadableFileError(f"it is no whole workbook ({error})") from error
        check_unpacked(sum(each.compress_size for each in files), sum(each.file_size for each in files))
    file.seek(0)
