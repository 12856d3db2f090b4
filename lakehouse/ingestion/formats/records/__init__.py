"""Records of any format as rows: typed, by name, nothing lost on the way. Plain Python and Arrow: no Spark here."""

from lakehouse.ingestion.formats.records.batches import RESCUED_DATA, Record, UnfitValues, batches_of
from lakehouse.ingestion.formats.records.columns import (
    METADATA_COLUMNS,
    Columns,
    column_types,
    columns_of,
    problems_of_columns,
)
from lakehouse.ingestion.formats.records.inference import evolved_text, fits_text, joined_text, settled_text
from lakehouse.ingestion.formats.records.json_text import TextNumber, parsed_json
from lakehouse.ingestion.formats.records.types import UnknownTypeText, arrow_type, type_text

__all__ = [
    "METADATA_COLUMNS",
    "RESCUED_DATA",
    "Columns",
    "Record",
    "TextNumber",
    "UnfitValues",
    "UnknownTypeText",
    "arrow_type",
    "batches_of",
    "column_types",
    "columns_of",
    "evolved_text",
    "fits_text",
    "joined_text",
    "parsed_json",
    "problems_of_columns",
    "settled_text",
    "type_text",
]
