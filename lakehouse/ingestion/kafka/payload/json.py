"""A payload that is a JSON object."""

from __future__ import annotations

from dataclasses import dataclass

from lakehouse.ingestion.formats.json_lines import json_record
from lakehouse.ingestion.formats.records import Record
from lakehouse.ingestion.kafka.payload.parsed import ParsedPayload
from lakehouse.ingestion.kafka.payload.text import utf8_text
from lakehouse.words import word

__all__ = ["JsonPayload"]


@word("json")
@dataclass(frozen=True, slots=True, kw_only=True)
class JsonPayload(ParsedPayload):
    """A JSON object (RFC 8259): its keys are columns, and what a column doesn't cover is in ``_rescued_data``."""

    def record(self, payload: bytes) -> Record:
        utf8_text(payload)
        return json_record(payload)
