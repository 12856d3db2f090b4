"""A watermark where it can't mean anything is found without Spark, with its line."""

from __future__ import annotations

import pytest

from lakehouse.pipelines import DeclarativePipelineBuilder, Flow, from_files, read
from lakehouse.pipelines.check.declarations import declaration_problems

NEW = read("raw", incremental=True)


@pytest.mark.parametrize(
    ("flow", "problem"),
    [
        (NEW.watermark("at", "soon").append(), "the delay 'soon'"),
        (read("raw").watermark("at", "2 days").replace(), "a table that is written anew"),
        (read("raw").watermark("at", "2 days").merge("id"), "a source that gives all rows each time"),
    ],
)
def test_a_watermark_that_can_not_hold_is_a_problem_with_its_line(flow: Flow, problem: str) -> None:
    builder = DeclarativePipelineBuilder("p").bronze("raw", from_files("*.csv", columns=["id", "at"]))
    found = [str(each) for each in declaration_problems(builder.silver("clean", flow).build())]
    assert any(problem in each and "test_watermark_declarations.py:" in each for each in found)


def test_a_watermark_behind_new_rows_is_fine() -> None:
    flow = NEW.watermark("at", "2 days").append()
    builder = DeclarativePipelineBuilder("p").bronze("raw", from_files("*.csv", columns=["id", "at"]))
    assert declaration_problems(builder.silver("clean", flow).build()) == []
