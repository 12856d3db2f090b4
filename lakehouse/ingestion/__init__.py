"""Files from a landing zone into frames: found, inspected, read by name. It tracks no progress and writes no table."""

from lakehouse.ingestion.csv_files import METADATA_COLUMNS, raw_schema, read_csv_files
from lakehouse.ingestion.errors import MissingLandingZoneError
from lakehouse.ingestion.inspection import Accepted, Rejected, Verdict, inspect_csv
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
    "LandedFile",
    "LandingZone",
    "LocalLandingZone",
    "MissingLandingZoneError",
    "Rejected",
    "StoredLandingZone",
    "Verdict",
    "inspect_csv",
    "landing_zone",
    "raw_schema",
    "read_csv_files",
]
