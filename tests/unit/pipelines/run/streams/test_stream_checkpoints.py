"""A checkpoint is used by the table and the source that it was made for, and by nobody else."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakehouse.pipelines import (
    ChangedCheckpointError,
    DeclarativePipelineBuilder,
    Flow,
    ForeignCheckpointError,
    Warehouse,
    from_rate,
)
from lakehouse.pipelines.run.streams.checkpoints import Checkpoint

SPARKS_OWN = "system/checkpoints/shop/bronze/ticks/spark/offsets/0"


def checkpoint(folder: Path, flow: Flow | None = None, *, pipeline: str = "shop") -> Checkpoint:
    definition = DeclarativePipelineBuilder(pipeline).bronze("ticks", flow or from_rate(1)).build()
    return Checkpoint(warehouse=Warehouse.at(folder), pipeline=pipeline, table=definition.tables[0])


def spark_writes(folder: Path) -> None:
    path = folder / SPARKS_OWN
    path.parent.mkdir(parents=True)
    path.write_text("v1")


def test_a_new_one_is_made_the_tables_own_and_goes_on(tmp_path: Path) -> None:
    checkpoint(tmp_path).check()
    spark_writes(tmp_path)
    checkpoint(tmp_path).check()
    assert checkpoint(tmp_path).location("spark") == str(
        tmp_path / "system/checkpoints/shop/bronze/ticks/spark"
    )


def test_other_steps_leave_it_as_it_is_and_another_source_is_refused(tmp_path: Path) -> None:
    checkpoint(tmp_path).check()
    checkpoint(tmp_path, from_rate(1).where("value > 3")).check()
    with pytest.raises(ChangedCheckpointError, match=r"--reset ticks.*takes none of it twice") as refused:
        checkpoint(tmp_path, from_rate(2)).check()
    assert "test_stream_checkpoints.py" in str(refused.value)


def test_one_of_somebody_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    spark_writes(tmp_path)
    with pytest.raises(ForeignCheckpointError, match="made by somebody else"):
        checkpoint(tmp_path).check()
    assert (tmp_path / SPARKS_OWN).read_text() == "v1"


def test_a_copy_of_another_pipelines_is_refused_with_its_name(tmp_path: Path) -> None:
    checkpoint(tmp_path, pipeline="market").check()
    folder = tmp_path / "system" / "checkpoints"
    (folder / "market").rename(folder / "shop")
    with pytest.raises(ForeignCheckpointError, match="made by 'ticks' of 'market'"):
        checkpoint(tmp_path).check()


def test_one_that_spark_lost_is_begun_again(tmp_path: Path) -> None:
    checkpoint(tmp_path).check()
    spark_writes(tmp_path)
    (tmp_path / SPARKS_OWN).unlink()
    checkpoint(tmp_path).check()


def test_after_a_reset_another_source_has_it(tmp_path: Path) -> None:
    checkpoint(tmp_path).check()
    spark_writes(tmp_path)
    assert checkpoint(tmp_path).reset() == 2
    assert not (tmp_path / SPARKS_OWN).exists()
    checkpoint(tmp_path, from_rate(2)).check()
    with pytest.raises(ChangedCheckpointError):
        checkpoint(tmp_path).check()
