"""Files from a landing zone into frames: found, inspected, read by name. It keeps no progress and writes no table."""

from lakehouse.ingestion.errors import MissingLandingZoneError
from lakehouse.ingestion.file_tracking import FileInputs, TrackedFile, changed_files, inspect_files
from lakehouse.ingestion.formats import (
    METADATA_COLUMNS,
    Accepted,
    CsvFormat,
    DigestingStream,
    FileFormat,
    Inspection,
    Rejected,
    inspect_csv,
    raw_schema,
    read_csv_files,
)
from lakehouse.ingestion.landing_zone import (
    LandedFile,
    LandingZone,
    LocalLandingZone,
    StoredLandingZone,
    landing_zone,
)

__all__ = [
    "METADATA_COLUMNS",
    "Accepted",
    "CsvFormat",
    "DigestingStream",
    "FileFormat",
    "FileInputs",
    "Inspection",
    "LandedFile",
    "LandingZone",
    "LocalLandingZone",
    "MissingLandingZoneError",
    "Rejected",
    "StoredLandingZone",
    "TrackedFile",
    "changed_files",
    "inspect_csv",
    "inspect_files",
    "landing_zone",
    "raw_schema",
    "read_csv_files",
]
