"""Avro container files, read by fastavro."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, BinaryIO, ClassVar

from lakehouse.ingestion.errors import UnreadableFileError
from lakehouse.ingestion.formats.content import FileContent
from lakehouse.ingestion.formats.record_format import Block, RecordFormat
from lakehouse.ingestion.formats.records import Record
from lakehouse.optional_imports import require
from lakehouse.words import word

__all__ = ["AvroFormat"]

_RECORD_BYTES = 200


@word("avro")
@dataclass(frozen=True, slots=True, kw_only=True)
class AvroFormat(RecordFormat):
    """Avro container files of records: fields by name, with the schema that each file carries. No jar is needed.

    A column that is declared without a type is a string. Needs the extra ``formats`` wherever files are read.
    """

    seeks: ClassVar[bool] = True

    def blocks_of(self, content: FileContent) -> Iterator[Block]:
        fastavro = require("fastavro", extra="formats", purpose="Reading Avro")
        for file in content.files():
            if content.head:
                yield Block(records=partial(_read, fastavro, file))


def _read(fastavro: Any, file: BinaryIO) -> Iterator[Record]:
    with _translated():
        reader = fastavro.reader(file)
        _check_schema(reader.writer_schema)
        for value in reader:
            yield Record(value, _RECORD_BYTES)


def _check_schema(schema: Any) -> None:
    if not isinstance(schema, Mapping) or schema.get("type") != "record":
        raise UnreadableFileError("its Avro schema is no record")


@contextmanager
def _translated() -> Iterator[None]:
    """Raise UnreadableFileError for whatever fastavro raises at a file, which is the file's fault."""
    try:
        yield
    except UnreadableFileError:
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the disk's fault, not the content's
        first = f"{type(error).__name__}: {error}".partition("\n")[0]
        raise UnreadableFileError(f"it is no whole Avro file ({first})") from error
