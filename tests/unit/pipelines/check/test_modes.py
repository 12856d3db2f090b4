"""What a stream can't do is found without Spark, with its line: results that depend on where rows are cut."""

from __future__ import annotations

import pytest

from lakehouse.pipelines import DeclarativePipelineBuilder, Flow, from_files, read, stream_problems

NEW = read("raw", incremental=True)


def problems(flow: Flow) -> list[str]:
    builder = DeclarativePipelineBuilder("p").bronze("raw", from_files("*.csv", columns=["id", "at"]))
    return [str(each) for each in stream_problems(builder.silver("clean", flow).build())]


@pytest.mark.parametrize(
    ("flow", "problem"),
    [
        (
            NEW.aggregate(by="id", rows="count(*)").append(),
            "aggregate(by=id) of 'clean' puts rows of one batch",
        ),
        (
            NEW.deduplicate("id", against_target=False).append(),
            "deduplicate(id) of 'clean' compares only rows",
        ),
        (NEW.row_count(minimum=10, of="batch").append(), "the rule 'row_count(batch)' of 'clean' counts"),
        (NEW.steady("count(*)").append(), "the rule 'steady(count(*))' of 'clean' compares one batch"),
    ],
)
def test_what_depends_on_the_cut_is_a_problem_with_its_line(flow: Flow, problem: str) -> None:
    (found,) = problems(flow)
    assert problem in found
    assert "test_modes.py:" in found
    assert "Fix: " in found


@pytest.mark.parametrize(
    "flow",
    [
        NEW.deduplicate("id").row_count(minimum=1).append(),
        NEW.deduplicate("id", against_target=False).merge("id"),
        read("raw").aggregate(by="id", rows="count(*)").steady("count(*)").replace(),
    ],
)
def test_what_gives_the_same_however_rows_are_cut_is_fine(flow: Flow) -> None:
    assert problems(flow) == []
