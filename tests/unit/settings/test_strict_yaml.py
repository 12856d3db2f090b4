"""A YAML file is read as its dataclasses say, or refused with the line of every problem in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest

from lakehouse.strict_yaml import YamlError, parse_yaml, read_yaml


@dataclass(frozen=True, slots=True, kw_only=True)
class Circle:
    kind: Literal["circle"] = "circle"
    radius: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Square:
    side: int
    kind: Literal["square"] = "square"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    name: str
    shapes: tuple[Circle | Square, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    layer: Literal["front", "back"] = "front"
    note: str | None = None
    size: int | tuple[int, ...] = 1
    extra: Any = None
    ground: Square | None = None
    points: tuple[int, ...] | None = None


GOOD = """\
name: house
shapes:
  - kind: square
    side: 3
  - radius: 1.5
    kind: circle
labels: {a: b}
size: [1, 2]
extra: {deep: [1, {x: null}]}
"""


def problems_of(text: str) -> list[str]:
    with pytest.raises(YamlError) as caught:
        parse_yaml(text, Drawing, file="drawing.yaml")
    return str(caught.value).splitlines()


def test_a_good_file_gives_its_dataclasses() -> None:
    assert parse_yaml(GOOD, Drawing, file="d").value == Drawing(
        name="house",
        shapes=(Square(side=3), Circle(radius=1.5)),
        labels={"a": "b"},
        size=(1, 2),
        extra={"deep": [1, {"x": None}]},
    )


def test_every_part_knows_its_line() -> None:
    lines = parse_yaml(GOOD, Drawing, file="d").lines
    assert lines["name",] == 1
    assert lines["shapes", 1] == 5
    assert lines["shapes", 1, "kind"] == 6
    assert lines["labels", "a"] == 7


def test_all_problems_are_told_at_once_in_the_order_of_lines() -> None:
    found = problems_of("nam: x\nshapes:\n  - kind: square\n    side: big\nlayer: middle\nlabels: {a: 1}\n")
    assert [line.split(" ")[0] for line in found] == [
        "drawing.yaml:1:",
        "drawing.yaml:1:",
        "drawing.yaml:4:",
        "drawing.yaml:5:",
        "drawing.yaml:6:",
    ]
    assert "unknown key 'nam'. Fix: did you mean 'name'?" in found[0] + found[1]
    assert "the key 'name' is missing" in found[0] + found[1]
    assert "expected a whole number, got the value 'big'. Fix: write a whole number." in found[2]
    assert "'middle'" in found[3]
    assert "Fix: " in found[3]
    assert "Fix: put it in quotes." in found[4]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("name: a\nname: b", 2, "is here twice"),
        ("name: &x a\nnote: *x", 2, "aliases"),
        ("name: a\nshapes: 3", 2, "expected a list, got the value '3'"),
        ("name: a\nshapes: [{kind: sqare, side: 1}]", 2, "did you mean 'square'"),
        ("name: a\nshapes: [{side: 1}]", 2, "'kind' is missing"),
        ("name: a\nlabels: [1]", 2, "expected keys and values, got a list"),
        ("name: a\nnote: {x: 1}", 2, "expected"),
        ("name: [", 1, "not readable as YAML"),
        ("name: a\n---\nname: b", 2, "not readable as YAML"),
        ("- 1", 1, "expected keys and values, got a list"),
        ("", 1, "the key 'name' is missing"),
        ("name: NO", 1, "expected a text, got the value 'NO'. Fix: put it in quotes."),
        ("name: !!python/object/apply:os.system ['true']", 1, "constructor"),
        ("name: a\nextra: !!python/name:os.system ''", 2, "python/name"),
        ("name: a\nshapes:\n\t- x", 3, "Fix: indent with blanks."),
        ("name: a\nground: 3", 2, "expected keys and values, got the value '3'. Fix: write {side: 3}."),
        ("name: a\npoints: 3", 2, "expected a list, got the value '3'. Fix: write a list."),
        ("? [a]\n: b\nname: x", 1, "a key must be plain text"),
    ],
)
def test_undeclared_keys_and_wrong_types_are_refused_with_their_line(
    text: str, line: int, words: str
) -> None:
    found = problems_of(text)
    assert any(problem.startswith(f"drawing.yaml:{line}:") and words in problem for problem in found), found


def test_a_file_that_is_not_text_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "d.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(YamlError, match="can't be read"):
        read_yaml(tmp_path / "d.yaml", Drawing)
