"""How many files a comparison with a table's own rows opens."""

from __future__ import annotations

import pytest
from pyspark.sql import DataFrame

from lakehouse.tables import Candidates
from lakehouse.tables.reader import TableReader

__all__ = ["counted_readings"]


def counted_readings(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list that gets, with each reading of chosen files, how many these are."""
    counts: list[int] = []
    read_files = TableReader.read_files

    def counting(reader: TableReader, files: Candidates, *, version: int) -> DataFrame:
        counts.append(len(files.paths))
        return read_files(reader, files, version=version)

    monkeypatch.setattr(TableReader, "read_files", counting)
    return counts
