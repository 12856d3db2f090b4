"""Rows that every reader agrees on, many at once, by Arrow. Nothing in doubt is decided here.

Where a reader answers None, the exact rules of ``records`` tell; where it answers, it says what they would say.
"""

from lakehouse.ingestion.formats.plain.json_objects import PlainJson, plain_json
from lakehouse.ingestion.formats.plain.lines import line_array, with_line_feeds
from lakehouse.ingestion.formats.plain.places import PlainPlaces
from lakehouse.ingestion.formats.plain.unsure import Unsure
from lakehouse.ingestion.formats.plain.xml_rows import plain_elements

__all__ = [
    "PlainJson",
    "PlainPlaces",
    "Unsure",
    "line_array",
    "plain_elements",
    "plain_json",
    "with_line_feeds",
]
