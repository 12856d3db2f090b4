"""What a file format is: how one file is inspected, and how many of them become rows."""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import is_dataclass
from typing import Any, BinaryIO, ClassVar

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

from lakehouse.ingestion.errors import InvalidFormatError
from lakehouse.ingestion.formats.parts import InspectionInParts
from lakehouse.ingestion.formats.verdicts import Accepted, Inspection
from lakehouse.words import Words, stated_fields

__all__ = ["FileFormat"]


class FileFormat(ABC):
    """One kind of file (Strategy). A new format is one file with one subclass, and a word to name it by.

    ``inspect`` and ``read`` are called apart, perhaps days apart: what ``inspect`` finds and ``read`` needs is
    kept in ``Accepted.facts``.
    """

    words: ClassVar[Words] = Words("file format")
    inspected_in_tasks: ClassVar[bool] = False
    """Whether Spark's tasks may call ``inspect``: the format can be pickled, and its module is on the workers."""

    reads_without_spark: ClassVar[bool] = False
    """Whether ``batches`` gives a file's rows."""

    has_types: ClassVar[bool] = False
    """Whether columns are declared with types; else they are names, and all of them strings."""

    @abstractmethod
    def schema(self) -> StructType:
        """Return the schema of the rows that ``read`` gives; it has the string column ``_source_file``."""

    @abstractmethod
    def inspect(self, stream: BinaryIO, *, name: str) -> Inspection:
        """Read the bytes of the file ``name`` to their end, and say whether its rows can be read."""

    @abstractmethod
    def read(
        self, spark: SparkSession, files: Mapping[str, Accepted], *, ingested_at: dt.datetime
    ) -> DataFrame:
        """Return the rows of the files (path to inspection), none of them left out."""

    def arrow_columns(self) -> Mapping[str, pa.DataType]:
        """Return the columns that ``batches`` gives, beside ``_rescued_data``."""
        raise NotImplementedError

    def batches(self, stream: BinaryIO, *, name: str, found: Accepted) -> Iterator[pa.RecordBatch]:
        """Yield a file's rows in plain Python: the format's own columns, and last ``_rescued_data``.

        They are those that ``read`` gives. Raises UnreadableFileError, OSError or StorageError.
        """
        raise NotImplementedError

    def more_columns(self, found: Accepted) -> Mapping[str, str]:
        """Return the columns that a file has beside those of the format, with their types."""
        return {}

    def changed_types(self, found: Accepted) -> Mapping[str, str]:
        """Return the format's columns that have values of another type in a file, with that type.

        Only a format ``noting_changes`` finds them.
        """
        return {}

    def missing_columns(self, found: Accepted) -> Sequence[str]:
        """Return the format's columns that a file must have and lacks: a format ``noting_changes`` takes such files."""
        return ()

    def noting_changes(self) -> FileFormat:
        """Return the format whose inspections note what differs from the columns, and reject no file for it."""
        return self.without_required()

    def without_unfit_values(self) -> FileFormat:
        """Return the format that leaves out what does not fit: ``_rescued_data`` has malformed rows only."""
        return self

    def with_columns(self, more: Mapping[str, str]) -> FileFormat:
        """Return the format with further columns, with their types, which a file may lack."""
        raise NotImplementedError

    def without_required(self) -> FileFormat:
        """Return the format with columns that a file may lack, all of them."""
        return self

    def with_older_shapes(self) -> FileFormat:
        """Return the format for a table whose columns come and go: a file from before some came lacks them."""
        return self

    def in_parts(self, *, name: str, size_bytes: int) -> InspectionInParts | None:
        """Return how tasks inspect one file in parts; None when each file is inspected whole."""
        return None

    def problems(self) -> Sequence[InvalidFormatError]:
        """Return what is wrong with the declaration, found without reading a file."""
        return ()

    def declaration(self) -> str:
        """Return a text that changes with what ``inspect`` depends on: a rejected file is looked at again then."""
        name = f"{type(self).__module__}.{type(self).__qualname__}"
        return f"{name} {self!r}" if is_dataclass(self) else name

    def options(self) -> Mapping[str, Any]:
        """Return what is declared of the format, by which ``file_format`` makes it again."""
        return stated_fields(self) if is_dataclass(self) else {}

    def with_care(self, found: Accepted) -> Accepted:
        """Return what was found, for a second try at a file: ``read`` must not trust a faster way with it."""
        return found
