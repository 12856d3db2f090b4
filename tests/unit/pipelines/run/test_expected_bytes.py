"""Who opens the session of a run is told the most that the run reads, before a byte is read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from lakehouse.delta_log import TransactionManager
from lakehouse.pipelines import (
    DeclarativePipelineBuilder,
    Flow,
    NewInputs,
    PipelineDefinition,
    Source,
    from_files,
    read,
    run_pipeline,
)
from lakehouse.source_location import caller_location


class Asked(Exception):
    """Carries what the opener was told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers(Source):
    """A source that does not say how much it reads."""

    def schema(self, upstream: Any) -> Any:
        raise AssertionError("nobody asks")

    def next_inputs(self, context: Any, table: str, history: Any) -> NewInputs:
        return NewInputs(known={}, reason="there are numbers")

    def read(self, context: Any, request: Any) -> Any:
        raise AssertionError("nobody asks")


def opener(*, expected_bytes: int | None) -> None:
    raise Asked(expected_bytes)


def pipeline(landing: Path) -> PipelineDefinition:
    return (
        DeclarativePipelineBuilder("shop")
        .bronze("raw", from_files(f"{landing}/*.csv", columns={"a": "string"}))
        .silver("clean", read("raw", incremental=True).append())
        .build()
    )


def expected(definition: PipelineDefinition, warehouse: Path) -> int | None:
    with pytest.raises(Asked) as caught:
        run_pipeline(definition, spark=opener, warehouse=warehouse)  # type: ignore[arg-type]
    (answer,) = caught.value.args
    assert answer is None or isinstance(answer, int)
    return answer


def test_the_files_that_are_new_and_the_tables_as_they_stand_count(tmp_path: Path) -> None:
    landing, warehouse = tmp_path / "landing", tmp_path / "warehouse"
    landing.mkdir()
    (landing / "1.csv").write_text("a\nx\n")
    (landing / "2.csv").write_text("a\nyy\n")
    assert expected(pipeline(landing), warehouse) == 4 + 5
    clean = warehouse / "silver" / "clean"
    with TransactionManager().transaction(str(clean)) as transaction:
        transaction.append(pa.table({"a": ["x"] * 1000}))
    (file,) = clean.glob("*.parquet")
    assert expected(pipeline(landing), warehouse) == 4 + 5 + file.stat().st_size


def test_it_is_unknown_where_one_source_does_not_say(tmp_path: Path) -> None:
    landing = tmp_path / "landing"
    landing.mkdir()
    (landing / "1.csv").write_text("a\nx\n")
    numbers = Flow(source=Numbers(location=caller_location())).append()
    mixed = DeclarativePipelineBuilder("shop").silver("numbers", numbers)
    mixed = mixed.bronze("raw", from_files(f"{landing}/*.csv", columns={"a": "string"}))
    assert expected(mixed.build(), tmp_path / "warehouse") is None
