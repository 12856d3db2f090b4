"""How large files should be, and how large rows will be, without Spark."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from pyspark.errors import PySparkAttributeError
from pyspark.sql.types import ArrayType, LongType, MapType, StringType, StructType

from lakehouse.delta_log import target_file_bytes
from lakehouse.tables import estimated_bytes, evened_out

MIB, GIB, TIB = 2**20, 2**30, 2**40


@pytest.mark.parametrize(
    ("table_bytes", "expected"),
    [(0, 16 * MIB), (10 * GIB, 16 * MIB), (100 * GIB, 100 * MIB), (TIB, GIB), (9 * TIB, GIB)],
)
def test_the_target_grows_with_the_table_between_two_bounds(table_bytes: int, expected: int) -> None:
    assert target_file_bytes(table_bytes) == expected


def test_a_file_is_estimated_by_its_rows_and_the_values_in_each() -> None:
    nested = StructType().add("a", LongType()).add("b", ArrayType(MapType(StringType(), LongType())))
    schema = StructType().add("id", LongType()).add("nested", nested)
    assert estimated_bytes(schema, 0) == 0
    assert estimated_bytes(schema, 1_000) == 1_000 * 4 * 8


class Session:
    """A Connect session: asked for its cores, it refuses as pyspark does."""

    @property
    def sparkContext(self) -> Any:
        raise PySparkAttributeError(
            errorClass="JVM_ATTRIBUTE_NOT_SUPPORTED", messageParameters={"attr_name": "sparkContext"}
        )


class Frame:
    """Says what was asked of it."""

    def __init__(self, session: Any) -> None:
        self.sparkSession = session

    def hint(self, name: str) -> str:
        return name

    def coalesce(self, parts: int) -> str:
        return f"{parts} task"


TWO_CORES = SimpleNamespace(sparkContext=SimpleNamespace(defaultParallelism=2))


@pytest.mark.parametrize(
    ("session", "input_bytes", "of_few", "of_many"),
    [
        (TWO_CORES, 0, "1 task", "rebalance"),
        (TWO_CORES, MIB, "1 task", "rebalance"),
        (TWO_CORES, MIB + 1, "rebalance", "rebalance"),
        (TWO_CORES, 2 * MIB, "rebalance", "rebalance"),
        (TWO_CORES, 2 * MIB + 1, None, None),
        (TWO_CORES, None, None, None),
        (Session(), MIB, "1 task", "rebalance"),
        (Session(), MIB + 1, None, None),
    ],
)
def test_only_rows_of_small_inputs_are_brought_together(
    session: Any, input_bytes: int | None, of_few: str | None, of_many: str | None
) -> None:
    frame: Any = Frame(session)
    assert evened_out(frame, input_bytes=input_bytes, files_are_few=True) == (of_few or frame)
    assert evened_out(frame, input_bytes=input_bytes) == (of_many or frame)
