"""How the value of one record becomes columns: one kind a file. Every kind keeps what doesn't fit."""

from lakehouse.ingestion.kafka.payload.avro import AvroPayload
from lakehouse.ingestion.kafka.payload.csv import CsvPayload
from lakehouse.ingestion.kafka.payload.interface import Payload
from lakehouse.ingestion.kafka.payload.json import JsonPayload
from lakehouse.ingestion.kafka.payload.making import payload
from lakehouse.ingestion.kafka.payload.raw import RawPayload
from lakehouse.ingestion.kafka.payload.text import TextPayload

__all__ = ["AvroPayload", "CsvPayload", "JsonPayload", "Payload", "RawPayload", "TextPayload", "payload"]
