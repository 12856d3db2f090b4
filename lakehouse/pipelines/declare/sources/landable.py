"""What a source of files offers to whoever takes them without Spark."""

from __future__ import annotations

from typing import Protocol

from pyspark.sql.types import StructType

from lakehouse.ingestion import FileChoice, FileFormat, FileInputs, LandingZone, SchemaChanges

__all__ = ["LandableFiles"]


class LandableFiles(Protocol):
    """Files, and how they become rows."""

    @property
    def format(self) -> FileFormat:
        """The format as it is declared."""

    @property
    def choice(self) -> FileChoice:
        """Which files are taken."""

    @property
    def changes(self) -> SchemaChanges:
        """What becomes of columns that come, go, or have values of another type."""

    @property
    def zone(self) -> LandingZone:
        """Where the files are."""

    def schema_of(self, inputs: FileInputs) -> StructType:
        """Return the schema of a batch's rows."""

    def format_of(self, inputs: FileInputs) -> FileFormat:
        """Return the format by which a batch is read: it may give more columns than the batch's schema has."""
