"""File formats, one file each: what is in a file, and how it becomes rows. They know no landing zone and no table."""

from lakehouse.ingestion.formats.avro import AvroFormat
from lakehouse.ingestion.formats.binary import BinaryFormat
from lakehouse.ingestion.formats.csv import CsvFormat
from lakehouse.ingestion.formats.digesting import DigestingStream, digest_of
from lakehouse.ingestion.formats.excel import ExcelFormat
from lakehouse.ingestion.formats.fixed_width import FixedWidthFormat
from lakehouse.ingestion.formats.interface import FileFormat
from lakehouse.ingestion.formats.json_document import JsonFormat
from lakehouse.ingestion.formats.json_lines import JsonLinesFormat
from lakehouse.ingestion.formats.making import file_format
from lakehouse.ingestion.formats.orc import OrcFormat
from lakehouse.ingestion.formats.parquet import ParquetFormat
from lakehouse.ingestion.formats.parts import InspectionInParts, Part, PartFinding, Wanted
from lakehouse.ingestion.formats.raw_rows import raw_schema, raw_schema_of
from lakehouse.ingestion.formats.records import METADATA_COLUMNS
from lakehouse.ingestion.formats.text import TextFormat
from lakehouse.ingestion.formats.verdicts import Accepted, Inspection, Rejected
from lakehouse.ingestion.formats.xml import XmlFormat

__all__ = [
    "METADATA_COLUMNS",
    "Accepted",
    "AvroFormat",
    "BinaryFormat",
    "CsvFormat",
    "DigestingStream",
    "ExcelFormat",
    "FileFormat",
    "FixedWidthFormat",
    "Inspection",
    "InspectionInParts",
    "JsonFormat",
    "JsonLinesFormat",
    "OrcFormat",
    "ParquetFormat",
    "Part",
    "PartFinding",
    "Rejected",
    "TextFormat",
    "Wanted",
    "XmlFormat",
    "digest_of",
    "file_format",
    "raw_schema",
    "raw_schema_of",
]
