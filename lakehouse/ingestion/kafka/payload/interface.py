"""What a kind of payload is: the columns that it gives, and how the values of records become them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import pyarrow as pa
from pyspark.sql import DataFrame

from lakehouse.ingestion.errors import InvalidFormatError
from lakehouse.words import Words, stated_fields

__all__ = ["ERRORS", "RESCUED", "VALUE", "Payload"]

VALUE = "__lakehouse_value"
"""The column with the bytes of a record, which ``rows`` takes out."""
RESCUED = "_rescued_data"
ERRORS = "__lakehouse_errors"
"""Why a record's payload can't be read (array of struct: rule, message); NULL where it can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload(ABC):
    """One kind of payload (Strategy). A new one is one file with a subclass, and a word to name it by."""

    words: ClassVar[Words] = Words("payload")

    @abstractmethod
    def arrow_columns(self) -> Mapping[str, pa.DataType]:
        """Return the columns that a payload gives, with their types."""

    @abstractmethod
    def rows(self, records: DataFrame) -> DataFrame:
        """Return the payload's columns, all others of ``records`` but VALUE, then RESCUED and ERRORS: a row a record.

        A record without a value gives NULL in the payload's columns.
        """

    def problems(self) -> Sequence[InvalidFormatError]:
        """Return what is wrong with the declaration."""
        return ()

    def options(self) -> Mapping[str, Any]:
        """Return what is declared of the payload, by which ``payload`` makes it again."""
        return stated_fields(self)
