"""The retail job as a definition."""

from __future__ import annotations

import runpy

import pytest
from programs import ROOT

from lakehouse.pipelines import PipelineDefinition


@pytest.fixture
def retail_job() -> PipelineDefinition:
    definition: PipelineDefinition = runpy.run_path(str(ROOT / "jobs" / "retail.py"))["pipeline"]
    return definition
