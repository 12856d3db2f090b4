"""A definition is frozen, knows its lines, and changes its fingerprint only with its meaning."""

from __future__ import annotations

import dataclasses

import pytest

from lakehouse.pipelines import DeclarativePipelineBuilder, FileSource, Step, from_files, read
from lakehouse.pipelines.errors import UnknownVariableError
from lakehouse.pipelines.refresh.fingerprint import fingerprint_of
from lakehouse.pipelines.refresh.shared_frames import shared_prefixes
from lakehouse.source_location import caller_location


def landing(pattern: str):
    builder = DeclarativePipelineBuilder("test").variable("landing", default="data")
    return builder.bronze("raw", from_files(pattern, columns=["x"])).build()


def test_a_flow_can_be_gone_on_from_twice() -> None:
    base = read("raw").where("x > 0")
    assert len(base.steps) == 1
    assert len(base.select("x").steps) == 2
    assert base.append() != base.replace()
    with pytest.raises(dataclasses.FrozenInstanceError):
        base.steps = ()  # type: ignore[misc]


def test_the_same_declaration_on_another_line_is_equal() -> None:
    one = read("raw").where("x > 0").expect("positive", "x > 0")
    two = read("raw").where("x > 0").expect("positive", "x > 0")
    assert one == two
    assert one.steps[0].location.line + 1 == two.steps[0].location.line
    assert one.steps[0].location.file.endswith("test_definition.py")


def test_variables_are_filled_in_with_their_default_or_what_was_set() -> None:
    def pattern(**values: str) -> str:
        source = landing("${landing}/*.csv").with_variables(values).tables[0].flow.source
        assert isinstance(source, FileSource)
        return source.pattern

    assert pattern() == "data/*.csv"
    assert pattern(landing="other") == "other/*.csv"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Noted(Step):
    """A step with a text that may hold variables."""

    text: str

    @property
    def label(self) -> str:
        return f"noted({self.text})"

    def apply(self, frame, tables):
        return frame


def test_variables_are_filled_in_in_steps_too() -> None:
    def note(text: str, **values: str) -> str:
        flow = read("raw").step(Noted(text=text, location=caller_location()))
        builder = DeclarativePipelineBuilder("test").variable("rates", default="r.csv")
        definition = builder.bronze("raw", from_files("x", columns=["x"])).silver("noted", flow).build()
        return definition.with_variables(values).tables[1].flow.steps[0].label

    assert note("${rates}") == "noted(r.csv)"
    assert note("${rates}", rates="other") == "noted(other)"
    with pytest.raises(UnknownVariableError, match=r"did you mean 'rates'"):
        note("${rate}")


@pytest.mark.parametrize(("pattern", "given"), [("${landin}/*.csv", {}), ("x/*.csv", {"lending": "y"})])
def test_an_unknown_variable_is_an_error_with_a_suggestion(pattern: str, given: dict[str, str]) -> None:
    with pytest.raises(UnknownVariableError, match="did you mean 'landing'"):
        landing(pattern).with_variables(given)


def test_a_fingerprint_keeps_through_a_move_and_changes_with_the_code() -> None:
    def add(frame):
        return frame.where("x > 1")

    def same(frame):
        return frame.where("x > 1")

    def other(frame):
        return frame.where("x > 2")

    same.__qualname__ = add.__qualname__
    other.__qualname__ = add.__qualname__
    assert fingerprint_of(read("raw").transform(add)) == fingerprint_of(read("raw").transform(same))
    assert fingerprint_of(read("raw").transform(add)) != fingerprint_of(read("raw").transform(other))


def test_a_fingerprint_sees_closed_over_values_rules_and_modes() -> None:
    def limited(limit: int):
        return read("raw").transform(lambda frame: frame.limit(limit))

    assert fingerprint_of(limited(1)) != fingerprint_of(limited(2))
    flows = [read("raw"), read("raw").append(), read("raw").replace(), read("raw").merge("x")]
    flows += [read("raw").expect("a", "x > 0"), read("raw").expect_or_drop("a", "x > 0"), read("other")]
    assert len({fingerprint_of(flow) for flow in flows}) == len(flows)


def test_common_first_steps_are_found() -> None:
    typed = read("raw", incremental=True).cast({"x": "int"}).deduplicate()
    builder = DeclarativePipelineBuilder("test")
    builder.silver("a", typed.where("x > 0").select("x").append())
    builder.silver("b", typed.where("x > 0").append())
    builder.silver("whole", read("raw").cast({"x": "int"}).append())
    assert shared_prefixes(builder.build().tables) == {"a": 3, "b": 3, "whole": 0}


def test_what_a_table_reads_are_its_source_and_what_its_steps_need() -> None:
    flow = read("a").join(read("b").where("x > 0"), on="x").join("c", on="x").append()
    (table,) = DeclarativePipelineBuilder("test").silver("t", flow).build().tables
    assert [source.table for source in table.inputs()] == ["a", "b", "c"]
    assert all(source.location.file.endswith("test_definition.py") for source in table.inputs())
