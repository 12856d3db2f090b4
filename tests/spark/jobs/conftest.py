"""The retail job as a definition."""

from __future__ import annotations

import runpy
import shutil
from pathlib import Path

import pytest
from job_programs import ROOT

from lakehouse.pipelines import PipelineDefinition


@pytest.fixture
def retail_job() -> PipelineDefinition:
    definition: PipelineDefinition = runpy.run_path(str(ROOT / "jobs" / "retail.py"))["pipeline"]
    return definition


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    """A folder with three of the days: enough for every table to get rows."""
    folder = tmp_path / "landing"
    folder.mkdir()
    for day in sorted((ROOT / "data" / "retail").glob("*.csv.gz"))[:3]:
        shutil.copy(day, folder)
    return folder
