"""Files from a landing zone into frames: found, inspected, read by name. It keeps no progress and writes no table."""

from lakehouse.ingestion.errors import (
    InvalidFormatError,
    InvalidWorkError,
    MissingLandingZoneError,
    UnreadableFileError,
    WorkerStartError,
)
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
from lakehouse.ingestion.processes import (
    NotProcessed,
    ParallelDataProcessor,
    Processed,
    ProcessOutcome,
    with_progress,
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
    "InvalidWorkError",
    "LandedFile",
    "LandingZone",
    "LocalLandingZone",
    "MissingLandingZoneError",
    "NotProcessed",
    "ParallelDataProcessor",
    "ProcessOutcome",
    "Processed",
    "Rejected",
    "StoredLandingZone",
    "TrackedFile",
    "UnreadableFileError",
    "WorkerStartError",
    "landing_zone",
    "raw_schema",
    "with_progress",
]
