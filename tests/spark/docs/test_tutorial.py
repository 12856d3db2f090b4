"""The tutorial is true: every command gives the output that is shown, every edit and every test works."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from tests.spark.docs.pages import ROOT, Reader

pytestmark = pytest.mark.spark


def test_whoever_follows_the_first_tutorial_sees_what_it_shows(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        "lakehouse.cli.pipeline_options.PipelineRequest.open_session", lambda request, **_: spark
    )
    Reader(ROOT / "docs" / "tutorial" / "first-pipeline.md").follow()
