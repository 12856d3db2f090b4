"""One file of each format, and what may be wrong with it."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

import fastavro
import pyarrow as pa
import pyarrow.orc as orc
import pyarrow.parquet as pq

from lakehouse.ingestion import (
    AvroFormat,
    BinaryFormat,
    CsvFormat,
    ExcelFormat,
    FileFormat,
    FixedWidthFormat,
    JsonFormat,
    JsonLinesFormat,
    OrcFormat,
    ParquetFormat,
    TextFormat,
    XmlFormat,
)

__all__ = ["KINDS", "Kind", "Records", "workbook"]

Records = Sequence[Mapping[str, Any]]
COLUMNS = {"id": "bigint", "name": "string"}
_LONGEST_NAME = 11 << 20


@dataclass(frozen=True)
class Kind:
    """One format, and how a file of it is written."""

    format: FileFormat
    written: Callable[[Records], bytes]
    is_text: bool = False
    nests: bool = False


def _csv(records: Records) -> bytes:
    target = io.StringIO()
    writer = csv.writer(target, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(records[0])
    writer.writerows([each.values() for each in records])
    return target.getvalue().encode()


def _lines(records: Records) -> bytes:
    return "".join(json.dumps(each) + "\n" for each in records).encode()


def _document(records: Records) -> bytes:
    return json.dumps(list(records)).encode()


def _xml(records: Records) -> bytes:
    def element(name: str, value: Any) -> str:
        if isinstance(value, dict):
            value = "".join(element(key, each) for key, each in value.items())
            return f"<{name}>{value}</{name}>"
        return f"<{name}>{escape(str(value))}</{name}>"

    return f"<all>{''.join(element('row', dict(each)) for each in records)}</all>".encode()


def _fixed(records: Records) -> bytes:
    return "".join(f"{each['id']:>4}{each['name']}\n" for each in records).encode()


def _text(records: Records) -> bytes:
    return "".join(f"{each['name']}\n" for each in records).encode()


def _binary(records: Records) -> bytes:
    return _text(records)


def _parquet(records: Records) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(list(records)), sink, write_page_checksum=True)
    return sink.getvalue()


def _orc(records: Records) -> bytes:
    sink = io.BytesIO()
    orc.write_table(pa.Table.from_pylist(list(records)), sink)
    return sink.getvalue()


def _avro(records: Records) -> bytes:
    kinds = {int: "long", float: "double", str: "string"}
    fields = [{"name": name, "type": kinds[type(value)]} for name, value in records[0].items()]
    sink = io.BytesIO()
    fastavro.writer(sink, {"type": "record", "name": "r", "fields": fields}, list(records))
    return sink.getvalue()


def _excel(records: Records) -> bytes:
    return workbook([list(records[0]), *(list(each.values()) for each in records)])


def workbook(rows: Sequence[Sequence[object]], *, filler: int = 0) -> bytes:
    """Return an xlsx file of one sheet, written by hand: numbers as they are, all else as inline text."""

    def cell(value: object) -> str:
        if isinstance(value, int | float):
            return f"<c><v>{value}</v></c>"
        return f'<c t="inlineStr"><is><t>{value}</t></is></c>' if value != "" else "<c/>"

    lines = "".join(f"<row>{''.join(map(cell, row))}</row>" for row in rows)
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    relations = "http://schemas.openxmlformats.org/package/2006/relationships"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    parts = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{relations}"><Relationship Id="r1" Type="{office}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>'
        '<sheet name="Sales" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{relations}"><Relationship Id="r1" '
        f'Type="{office}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{lines}</sheetData>'
        f"{' ' * filler}</worksheet>",
    }
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return target.getvalue()


KINDS: Mapping[str, Kind] = {
    "csv": Kind(CsvFormat(columns=("id", "name")), _csv, is_text=True),
    "json_lines": Kind(JsonLinesFormat(columns=COLUMNS), _lines, is_text=True, nests=True),
    "json": Kind(JsonFormat(columns=COLUMNS), _document, is_text=True, nests=True),
    "xml": Kind(XmlFormat(row_tag="row", columns=COLUMNS), _xml, is_text=True, nests=True),
    "fixed_width": Kind(
        FixedWidthFormat(columns=COLUMNS, places={"id": (0, 4), "name": (4, 4 + _LONGEST_NAME)}),
        _fixed,
        is_text=True,
    ),
    "text": Kind(TextFormat(), _text, is_text=True),
    "binary": Kind(BinaryFormat(), _binary),
    "parquet": Kind(ParquetFormat(columns=COLUMNS), _parquet),
    "orc": Kind(OrcFormat(columns=COLUMNS), _orc),
    "avro": Kind(AvroFormat(columns=COLUMNS), _avro),
    "excel": Kind(ExcelFormat(columns=COLUMNS), _excel),
}
