"""Who opens the session of a run is told the most that the run reads, before a byte is read."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from lakehouse.delta_log import TransactionManager
from lakehouse.pipelines import DeclarativePipelineBuilder, PipelineDefinition, from_files, read, run_pipeline


class Asked(Exception):
    """Carries what the opener was told."""


def opener(*, expected_bytes: int | None) -> None:
    raise Asked(expected_bytes)


def pipeline(landing: Path) -> PipelineDefinition:
    return (
        DeclarativePipelineBuilder("shop")
        .bronze("raw", from_files(f"{landing}/*.csv", columns={"a": "string"}))
        .silver("clean", read("raw", incremental=True).append())
        .build()
    )


def expected(landing: Path, warehouse: Path) -> int | None:
    with pytest.raises(Asked) as caught:
        run_pipeline(pipeline(landing), spark=opener, warehouse=warehouse)  # type: ignore[arg-type]
    (answer,) = caught.value.args
    assert answer is None or isinstance(answer, int)
    return answer


def test_the_files_that_are_new_and_the_tables_as_they_stand_count(tmp_path: Path) -> None:
    landing, warehouse = tmp_path / "landing", tmp_path / "warehouse"
    landing.mkdir()
    (landing / "1.csv").write_text("a\nx\n")
    (landing / "2.csv").write_text("a\nyy\n")
    assert expected(landing, warehouse) == 4 + 5
    clean = warehouse / "silver" / "clean"
    with TransactionManager().transaction(str(clean)) as transaction:
        transaction.append(pa.table({"a": ["x"] * 1000}))
    (file,) = clean.glob("*.parquet")
    assert expected(landing, warehouse) == 4 + 5 + file.stat().st_size
