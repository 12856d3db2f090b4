"""File formats, one file each: what is in a file, and how it becomes rows. They know no landing zone and no table."""

from lakehouse.ingestion.formats.csv import CsvFormat
from lakehouse.ingestion.formats.csv_reader import METADATA_COLUMNS, raw_schema
from lakehouse.ingestion.formats.digesting import DigestingStream, digest_of
from lakehouse.ingestion.formats.interface import FileFormat
from lakehouse.ingestion.formats.parts import InspectionInParts, Part, PartFinding, Wanted
from lakehouse.ingestion.formats.verdicts import Accepted, Inspection, Rejected

__all__ = [
    "METADATA_COLUMNS",
    "Accepted",
    "CsvFormat",
    "DigestingStream",
    "FileFormat",
    "Inspection",
    "InspectionInParts",
    "Part",
    "PartFinding",
    "Rejected",
    "Wanted",
    "digest_of",
    "raw_schema",
]
