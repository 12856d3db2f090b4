"""Tables stand to the right of all that they read, none on another, and always at the same place."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lakehouse.pipelines.report.layout import Drawing, lay_out


@st.composite
def graphs(draw: st.DrawFn) -> dict[str, list[str]]:
    names = draw(st.lists(st.text("abcdef", min_size=1, max_size=40), unique=True, max_size=12))
    return {
        name: draw(st.lists(st.sampled_from(names[:at]), unique=True)) if at else []
        for at, name in enumerate(names)
    }


@given(graphs())
def test_no_box_stands_on_another_and_each_is_right_of_its_inputs(inputs: dict[str, list[str]]) -> None:
    drawing = lay_out(list(inputs), inputs)
    boxes = {box.name: box for box in drawing.boxes}
    assert list(boxes) == list(inputs)
    for name, needs in inputs.items():
        assert all(boxes[name].x >= boxes[need].x + boxes[need].width for need in needs)
    for one in drawing.boxes:
        assert 0 <= one.x <= drawing.width - one.width
        assert 0 <= one.y <= drawing.height - one.height
        for other in drawing.boxes:
            apart = one.x + one.width <= other.x or one.y + one.height <= other.y
            apart = apart or other.x + other.width <= one.x or other.y + other.height <= one.y
            assert apart or one is other


@given(graphs())
def test_each_line_goes_through_every_column_between_its_ends_and_past_all_boxes(
    inputs: dict[str, list[str]],
) -> None:
    drawing = lay_out(list(inputs), inputs)
    joined = {(drawing.boxes[line.start].name, drawing.boxes[line.end].name) for line in drawing.lines}
    assert joined == {(need, name) for name, needs in inputs.items() for need in needs}
    assert len(drawing.lines) == len(joined)
    between = sorted({(box.x, box.x + box.width) for box in drawing.boxes})
    for line in drawing.lines:
        start, end = drawing.boxes[line.start], drawing.boxes[line.end]
        passed = [column for column in between if start.x < column[0] < end.x]
        assert [(x, to_x) for x, to_x, _ in line.lanes] == passed
        for x, _, y in line.lanes:
            assert 0 <= y <= drawing.height
            assert not [box for box in drawing.boxes if box.x == x and box.y < y < box.y + box.height]


@given(graphs(), st.randoms(use_true_random=False))
def test_the_order_of_edges_does_not_move_a_box(inputs: dict[str, list[str]], random: object) -> None:
    shuffled = {name: sorted(needs, key=lambda each: random.random()) for name, needs in inputs.items()}  # type: ignore[attr-defined]
    assert lay_out(list(inputs), shuffled) == lay_out(list(inputs), inputs)


def crossings(drawing: Drawing) -> int:
    ends = [(drawing.boxes[line.start].y, drawing.boxes[line.end].y) for line in drawing.lines]
    return sum((a[0] - b[0]) * (a[1] - b[1]) < 0 for a in ends for b in ends) // 2


def test_edges_that_need_not_cross_do_not() -> None:
    order = ["a", "b", "c", "z", "y", "x"]
    assert crossings(lay_out(order, {"a": [], "b": [], "c": [], "z": ["a"], "y": ["b"], "x": ["c"]})) == 0
