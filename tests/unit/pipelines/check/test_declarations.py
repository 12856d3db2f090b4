"""What a definition can't mean is refused as it is written, with its line and a way out, without Spark."""

from __future__ import annotations

import pytest

from lakehouse.errors import DefinitionError
from lakehouse.pipelines import (
    ChangingInputError,
    DeclarativePipelineBuilder,
    DuplicateRuleError,
    Flow,
    InvalidStepError,
    NewRowsReplaceError,
    NoWriteModeError,
    PartialGroupsError,
    QuarantineNameError,
    WholeReadAppendedError,
    from_files,
    read,
)
from lakehouse.pipelines.check.declarations import declaration_problems

NEW = read("raw", incremental=True)
ALL = read("raw")


def problems(**silver: Flow) -> list[DefinitionError]:
    builder = DeclarativePipelineBuilder("test").bronze("raw", from_files("/tmp/*.csv", columns=["id", "ts"]))
    for name, flow in silver.items():
        builder.silver(name, flow)
    return declaration_problems(builder.build())


@pytest.mark.parametrize(
    ("flow", "error"),
    [
        (ALL, NoWriteModeError),
        (ALL.append(), WholeReadAppendedError),
        (ALL.deduplicate(against_target=False).append(), WholeReadAppendedError),
        (NEW.replace(), NewRowsReplaceError),
        (from_files("/tmp/*.csv", columns=["id"]).replace(), NewRowsReplaceError),
        (NEW.aggregate(by="id", n="count(*)").merge("id"), PartialGroupsError),
        (NEW.pivot("id", [1], by="ts", measure="count(*)").merge("ts"), PartialGroupsError),
        (NEW.expect("ok", "id > 0").expect_or_fail("ok", "id < 9").append(), DuplicateRuleError),
        (NEW.expect("cast", "id > 0").append(), DuplicateRuleError),
        (NEW.expect("cast(id)", "id > 0").append(), DuplicateRuleError),
        (NEW.expect("readable_file", "id > 0").append(), DuplicateRuleError),
        (NEW.deduplicate("id", keep="latest").append(), InvalidStepError),
        (NEW.deduplicate("id", within="3 days").append(), InvalidStepError),
        (NEW.deduplicate("id", within="3", order_by="ts").append(), InvalidStepError),
        (NEW.deduplicate("id", within="3 days", order_by="ts + 1").append(), InvalidStepError),
        (
            NEW.deduplicate("id", within="1 day", order_by="ts", against_target=False).append(),
            InvalidStepError,
        ),
        (NEW.deduplicate("id", keep="latest", within="3 days", order_by="ts").merge("id"), InvalidStepError),
        (NEW.deduplicate("id", order_by="ts").append(), InvalidStepError),
        (NEW.deduplicate("id", keep="last", order_by="ts").append(), InvalidStepError),  # type: ignore[arg-type]
        (NEW.deduplicate("id", keep="first", order_by="ts, id").append(), InvalidStepError),
        (NEW.merge("id", sequence_by="ts, id"), InvalidStepError),
    ],
)
def test_a_contradiction_is_refused_with_its_line_and_a_way_out(
    flow: Flow, error: type[DefinitionError]
) -> None:
    (problem,) = problems(t=flow)
    assert type(problem) is error
    assert "test_declarations.py:" in str(problem)
    assert "Fix: " in str(problem)


@pytest.mark.parametrize(
    "flow",
    [
        ALL.replace(),
        ALL.merge("id"),
        ALL.deduplicate().append(),
        ALL.aggregate(by="id", n="count(*)").replace(),
        ALL.aggregate(by="id", n="count(*)").merge("id"),
        NEW.append(),
        NEW.merge("id", sequence_by="ts DESC"),
        NEW.aggregate(by="id", n="count(*)").append(),
        NEW.deduplicate("id", keep="first", order_by="struct(ts, id)").append(),
        NEW.deduplicate("id", within="3 days", order_by="ts").append(),
        NEW.expect("casting", "id > 0").append(),
    ],
)
def test_what_makes_sense_is_not_refused(flow: Flow) -> None:
    assert problems(t=flow) == []


def test_new_rows_of_a_table_whose_rows_are_replaced_can_not_be_read() -> None:
    (problem,) = problems(up=ALL.replace(), t=read("up", incremental=True).append())
    assert type(problem) is ChangingInputError
    assert problems(up=ALL.replace(), t=read("up").replace()) == []
    assert problems(up=NEW.merge("id"), t=read("up", incremental=True).append()) == []


def test_the_name_of_another_tables_quarantine_is_refused() -> None:
    (problem,) = problems(s=NEW.append(), s_quarantine=NEW.append())
    assert type(problem) is QuarantineNameError
    assert problems(alone_quarantine=NEW.append()) == []


def test_a_timeout_that_is_no_length_of_time_is_refused_with_its_line() -> None:
    builder = DeclarativePipelineBuilder("test").bronze("raw", from_files("/tmp/*.csv", columns=["id"]))
    builder.silver("clean", NEW.append(), timeout="soon", strict=True)
    (problem,) = declaration_problems(builder.build())
    assert "test_declarations.py:" in str(problem)
    assert "timeout='soon'" in str(problem)
    assert "Fix: write a length of time, such as '30 min' or '2 hours'." in str(problem)
