"""Files from a landing zone into frames: found, inspected, read by name. It keeps no progress and writes no table."""

from lakehouse.ingestion.errors import InvalidFormatError, MissingLandingZoneError, UnreadableFileError
from lakehouse.ingestion.file_inputs import FileInputs, TrackedFile
from lakehouse.ingestion.file_tracking import FileTracker
from lakehouse.ingestion.formats import (
    METADATA_COLUMNS,
    Accepted,
    CsvFormat,
    DigestingStream,
    FileFormat,
    Inspection,
    Rejected,
    raw_schema,
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
    "FileTracker",
    "Inspection",
    "InvalidFormatError",
    "LandedFile",
    "LandingZone",
    "LocalLandingZone",
    "MissingLandingZoneError",
    "Rejected",
    "StoredLandingZone",
    "TrackedFile",
    "UnreadableFileError",
    "landing_zone",
    "raw_schema",
]
