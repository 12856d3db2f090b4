"""File formats, one file each: what is in a file, and how it becomes rows. They know no landing zone and no table."""

from lakehouse.ingestion.formats.csv import CsvFormat
from lakehouse.ingestion.formats.csv_reader import METADATA_COLUMNS, raw_schema
from lakehouse.ingestion.formats.digesting import DigestingStream
from lakehouse.ingestion.formats.interface import Accepted, FileFormat, Inspection, Rejected

__all__ = [
    "METADATA_COLUMNS",
    "Accepted",
    "CsvFormat",
    "DigestingStream",
    "FileFormat",
    "Inspection",
    "Rejected",
    "raw_schema",
]
