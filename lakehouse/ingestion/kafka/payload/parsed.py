"""Payloads that are parsed in Spark's tasks, one record at a time, by the code that reads files of the same format."""

from __future__ import annotations

import base64
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import from_arrow_type
from pyspark.sql.types import StringType, StructField, StructType

from lakehouse.ingestion.errors import InvalidFormatError, UnreadableFileError
from lakehouse.ingestion.formats.records import (
    Columns,
    Record,
    batches_of,
    column_types,
    columns_of,
    problems_of_columns,
)
from lakehouse.ingestion.kafka.payload.interface import ERRORS, RESCUED, VALUE, Payload
from lakehouse.ingestion.kafka.record_columns import RECORD_COLUMNS, UNREADABLE_PAYLOAD

__all__ = ["ParsedPayload", "as_text"]

_ERRORS = pa.list_(pa.struct([("rule", pa.string()), ("message", pa.string())]))


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedPayload(Payload):
    """Columns by name. A value that doesn't fit its type is NULL, and ``_rescued_data`` has it, as of a file."""

    has_texts_only: ClassVar[bool] = False
    """Whether each value is a text, so that ``"5"`` is a number where a number is declared."""

    columns: Columns = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", columns_of(self.columns))

    @abstractmethod
    def record(self, payload: bytes) -> Record:
        """Return the one record of a payload. Raises UnreadableFileError, which says what is wrong with it."""

    def arrow_columns(self) -> Mapping[str, pa.DataType]:
        return column_types(self.columns)

    def problems(self) -> Sequence[InvalidFormatError]:
        problems = problems_of_columns(self.columns, ())
        if not self.columns:
            what, fix = "the payload has no columns", "give columns={'id': 'bigint', …}."
            problems.append(InvalidFormatError(problem=what, fix=fix))
        if taken := [name for name, _ in self.columns if name.lower() in RECORD_COLUMNS]:
            what = f"the column {taken[0]!r} is one of the record's own"
            problems.append(InvalidFormatError(problem=what, fix="give it another name."))
        return problems

    def rows(self, records: DataFrame) -> DataFrame:
        own = [StructField(name, from_arrow_type(held)) for name, held in self.arrow_columns().items()]
        passed = [each for each in records.schema.fields if each.name != VALUE]
        last = [StructField(RESCUED, StringType()), StructField(ERRORS, from_arrow_type(_ERRORS))]
        fields = [*own, *passed, *last]
        # Columns go by their position until they have arrived: a name may hold any character.
        numbered = StructType([StructField(f"c{at}", each.dataType) for at, each in enumerate(fields)])
        value_first = records.select(VALUE, *(F.col(each.name) for each in passed))
        return value_first.mapInArrow(self.parsed, numbered).toDF(*(each.name for each in fields))

    def parsed(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yield a row for each record, its payload (the first column) parsed."""
        types = self.arrow_columns()
        for batch in batches:
            if not len(batch):
                continue
            values, *passed = batch.columns
            faults: list[str | None] = []
            records = self._records(values.to_pylist(), faults)
            rows = batches_of(records, types, from_text=self.has_texts_only)
            (table,) = pa.Table.from_batches(list(rows)).combine_chunks().to_batches()
            *own, rescued = table.columns
            arrays = [*own, *passed, rescued, _errors(faults)]
            yield pa.RecordBatch.from_arrays(arrays, names=[f"c{at}" for at in range(len(arrays))])

    def _records(self, payloads: Sequence[bytes | None], faults: list[str | None]) -> Iterator[Record]:
        for payload in payloads:
            record = Record({}, 0) if payload is None else self._one(payload)
            faults.append(record.fault if record.malformed is not None else None)
            yield record

    def _one(self, payload: bytes) -> Record:
        try:
            return self.record(payload)
        except UnreadableFileError as error:
            return Record({}, len(payload), malformed=as_text(payload), fault=str(error))


def as_text(payload: bytes) -> str:
    """Return bytes as a text that shows all of them: UTF-8, or base64 where they are something else."""
    try:
        return payload.decode("utf-8")
    except UnicodeDecodeError:
        return f"base64:{base64.b64encode(payload).decode()}"


def _errors(faults: Sequence[str | None]) -> pa.Array:
    told = [None if each is None else [{"rule": UNREADABLE_PAYLOAD, "message": each}] for each in faults]
    return pa.array(told, _ERRORS)
