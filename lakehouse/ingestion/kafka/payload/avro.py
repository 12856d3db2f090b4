"""A payload that is one record of Avro, without the header of a file."""

from __future__ import annotations

import functools
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lakehouse.ingestion.errors import InvalidFormatError, UnreadableFileError
from lakehouse.ingestion.formats.records import Record
from lakehouse.ingestion.kafka.payload.parsed import ParsedPayload
from lakehouse.optional_imports import require
from lakehouse.words import word

__all__ = ["AvroPayload"]

_REGISTRY_BYTES = 5
"""A zero and the number of a schema (Confluent's wire format)."""


@word("avro")
@dataclass(frozen=True, slots=True, kw_only=True)
class AvroPayload(ParsedPayload):
    """One record in Avro's binary encoding, written by ``schema``: fields by name. Needs the extra ``formats``."""

    schema: str = ""
    """Avro's JSON of the record's type, as the writer had it."""
    registry_header: bool = False
    """Whether five bytes stand before it, as clients of a schema registry write; no registry is asked."""

    def record(self, payload: bytes) -> Record:
        fastavro, schema = _parsed(self.schema)
        content = self._without_header(payload)
        stream = io.BytesIO(content)
        try:
            value = fastavro.schemaless_reader(stream, schema)
        except Exception as error:
            first = f"{type(error).__name__}: {error}".partition("\n")[0]
            raise UnreadableFileError(f"it is no record of the Avro schema ({first})") from error
        if stream.tell() != len(content):
            raise UnreadableFileError(f"{len(content) - stream.tell()} bytes stand behind its Avro record")
        return Record(value, len(payload))

    def _without_header(self, payload: bytes) -> bytes:
        if not self.registry_header:
            return payload
        if len(payload) < _REGISTRY_BYTES or payload[0] != 0:
            raise UnreadableFileError("it does not begin with the number of a registry's schema")
        return payload[_REGISTRY_BYTES:]

    def problems(self) -> Sequence[InvalidFormatError]:
        return [*ParsedPayload.problems(self), *self._problems_of_schema()]

    def _problems_of_schema(self) -> list[InvalidFormatError]:
        fix = 'give the writer\'s schema: {"type": "record", "name": …, "fields": […]}.'
        try:
            schema = json.loads(self.schema)
        except ValueError as error:
            return [InvalidFormatError(problem=f"the Avro schema is not JSON ({error})", fix=fix)]
        if not isinstance(schema, dict) or schema.get("type") != "record":
            return [InvalidFormatError(problem="the Avro schema is no record", fix=fix)]
        return []


@functools.lru_cache(maxsize=64)
def _parsed(schema: str) -> tuple[Any, Any]:
    fastavro = require("fastavro", extra="formats", purpose="Reading Avro")
    return fastavro, fastavro.parse_schema(json.loads(schema))
