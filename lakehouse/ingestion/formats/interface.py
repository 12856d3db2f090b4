"""What a file format is: how one file is inspected, and how many of them become rows."""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, is_dataclass
from typing import Any, BinaryIO, ClassVar

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

from lakehouse.ingestion.errors import InvalidFormatError
from lakehouse.words import Words

__all__ = ["Accepted", "FileFormat", "Inspection", "Rejected"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The file can be read."""

    digest: str
    """Of the bytes as they lie in the landing zone: the same content has the same digest."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What the format needs to know again when it reads the file, as JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """The file can't be used."""

    digest: str
    reason: str
    """Completes the sentence "the file is rejected: …"."""


Inspection = Accepted | Rejected


class FileFormat(ABC):
    """One kind of file (Strategy). A new format is one file with one subclass, and a word to name it by.

    ``inspect`` and ``read`` are called apart, perhaps days apart: what ``inspect`` finds and ``read`` needs is
    kept in ``Accepted.facts``.
    """

    words: ClassVar[Words] = Words("file format")

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

    def problems(self) -> Sequence[InvalidFormatError]:
        """Return what is wrong with the declaration, found without reading a file."""
        return ()

    def declaration(self) -> str:
        """Return a text that changes with what ``inspect`` depends on: a rejected file is looked at again then."""
        name = f"{type(self).__module__}.{type(self).__qualname__}"
        return f"{name} {self!r}" if is_dataclass(self) else name

    def with_care(self, found: Accepted) -> Accepted:
        """Return what was found, for a second try at a file: ``read`` must not trust a faster way with it."""
        return found
