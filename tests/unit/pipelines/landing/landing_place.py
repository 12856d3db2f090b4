"""A landing folder and a warehouse, and what happens between them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from lakehouse.delta_log import Snapshot
from lakehouse.ingestion import JsonLinesFormat
from lakehouse.pipelines import (
    DeclarativePipelineBuilder,
    Failed,
    Flow,
    PipelineDefinition,
    RunResult,
    Warehouse,
    from_files,
    land,
)

__all__ = ["LINES", "Place", "only", "put"]

LINES = JsonLinesFormat(columns={"id": "bigint"})


def put(path: Path, *ids: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        "".join(json.dumps({"id": each} if not isinstance(each, dict) else each) + "\n" for each in ids)
    )
    os.utime(path, (1e9, 1e9))


class Place:
    """A landing folder and a warehouse."""

    def __init__(self, folder: Path) -> None:
        self.landing = folder / "in"
        self.landing.mkdir()
        self.warehouse = Warehouse.at(folder / "lake")

    def pipeline(self, flow: Flow | None = None, **given: Any) -> PipelineDefinition:
        if flow is None:
            given = {"format": LINES, **given}
            flow = from_files(f"{self.landing}/{given.pop('pattern', '*')}", **given)
        return DeclarativePipelineBuilder("p").bronze("raw", flow).build()

    def land(self, definition: PipelineDefinition | None = None, **options: Any) -> RunResult:
        return land(
            definition or self.pipeline(), "raw", warehouse=self.warehouse, **{"processes": 1, **options}
        )

    def rows(self, table: str = "raw") -> list[dict[str, Any]]:
        return Snapshot.load(self.warehouse.path_of("bronze", table)).to_arrow().to_pylist()

    def ids(self) -> list[Any]:
        return sorted((row["id"] for row in self.rows()), key=str)

    def set_aside(self) -> dict[str, str]:
        rows = self.rows("raw_quarantine")
        names = [Path(row["_source_file"]).name for row in rows]
        assert len(names) == len(set(names))
        return {name: row["_errors"][0]["message"] for name, row in zip(names, rows, strict=True)}


def only(result: RunResult, kind: type) -> Any:
    (outcome,) = result.outcomes.values()
    if isinstance(outcome, Failed) and kind is not Failed:
        raise outcome.error
    assert isinstance(outcome, kind), outcome
    return outcome
