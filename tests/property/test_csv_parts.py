"""A file looked at in parts is found to be what a look at the whole finds, and its parts are its rows."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from itertools import pairwise
from unittest.mock import patch

from hypothesis import example, given
from hypothesis import strategies as st

from lakehouse.ingestion import Accepted, CsvFormat, Inspection, Rejected
from lakehouse.ingestion.formats import Part, PartFinding, Wanted
from lakehouse.ingestion.formats.csv_dialect import CsvDialect
from lakehouse.ingestion.formats.csv_exact_reader import ROW_STARTS

FORMAT = CsvFormat(columns=("a",))
ANY_TEXT = st.text(alphabet='a"",,\n\n\r\t é\x01\0\ufeff', max_size=80)
CELL = st.text(alphabet='a",\n\r é', max_size=8)


def quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'


GOOD_TEXT = st.lists(st.lists(CELL.map(quoted) | st.just("plain"), min_size=1, max_size=3), max_size=12).map(
    lambda rows: "\n".join(["a,b", *(",".join(row) for row in rows)]) + "\n"
)


def chunks_from(body: bytes, start: int) -> Iterator[bytes]:
    return (body[at : at + 5] for at in range(start, len(body), 5))


def in_parts(body: bytes, part_bytes: int, *, name: str = "a.csv") -> Inspection | None:
    """Look at a file as tasks do; None where they leave it to a look at the whole."""
    with patch("lakehouse.ingestion.formats.csv_parts._PART_BYTES", part_bytes):
        look = FORMAT.in_parts(name=name, size_bytes=len(body))
    if look is None:
        return None
    with patch("lakehouse.ingestion.formats.csv_parts._PART_BYTES", part_bytes):
        wanted = list(look.parts())
    assert [part.start for part in wanted] == [0, *(part.stop for part in wanted[:-1])]
    assert wanted[-1].stop == len(body)
    found: dict[Part, PartFinding | None] = {}
    while True:
        found |= {part: look.look(chunks_from(body, max(0, part.start - 1)), part) for part in wanted}
        told = look.join(found, digest="")
        if not isinstance(told, Wanted):
            return told
        wanted = list(told.parts)
        assert wanted


def whole(body: bytes, *, name: str = "a.csv") -> Inspection:
    return FORMAT.inspect(io.BytesIO(body), name=name)


def check(body: bytes, told: Inspection | None) -> None:
    expected = whole(body)
    if isinstance(told, Rejected):
        assert isinstance(expected, Rejected)
        assert told.reason == expected.reason
    elif told is not None:
        assert isinstance(expected, Accepted)
        assert {key: fact for key, fact in told.facts.items() if key != ROW_STARTS} == expected.facts
        if (starts := told.facts.get(ROW_STARTS)) is not None:
            assert rows_of_pieces(body, starts) == rows_by_csv(body.decode())


def rows_of_pieces(body: bytes, starts: list[int]) -> list[list[str]]:
    pieces = [body[start:stop] for start, stop in pairwise([*starts, len(body)])]
    return [
        row.fields
        for number, piece in enumerate(pieces)
        for row in CsvDialect().rows([piece], first_line=1 if number == 0 else 2)
    ]


def rows_by_csv(text: str) -> list[list[str]]:
    lines = io.StringIO(text.removeprefix("\ufeff"), newline="")
    return [row for row in csv.reader(lines, strict=True) if row]


@given(ANY_TEXT, st.booleans(), st.integers(1, 30))
@example('"\n,\n"\n', True, 2)
@example("a\r\n\ufeffb\n", False, 3)
def test_parts_never_tell_anything_else_than_the_whole(text: str, with_header: bool, part_bytes: int) -> None:
    body = ("a,b\n" * with_header + text).encode()
    check(body, in_parts(body, part_bytes))


@given(GOOD_TEXT, st.integers(10, 60))
def test_parts_of_a_good_file_tell_it_whatever_its_quotes_are(text: str, part_bytes: int) -> None:
    body = text.encode()
    told = in_parts(body, part_bytes)
    check(body, told)


def test_quotes_across_every_edge_are_told_apart_from_rows() -> None:
    body = b"a,b\n" + b'"x\ny",1\n2,"p\nq"\n' * 400
    told = in_parts(body, 61)
    assert isinstance(told, Accepted)
    assert told.facts["plain"] is False
    starts = told.facts[ROW_STARTS]
    assert len(starts) > 50
    assert rows_of_pieces(body, starts) == rows_by_csv(body.decode())
    check(body, told)


def test_a_plain_file_is_plain_in_parts_unless_its_name_is_not() -> None:
    body = b'\xef\xbb\xbf"a",b\r\n' + b'1,"2"\r\n' * 300
    assert in_parts(body, 64) == Accepted(digest="", facts={"header": ["a", "b"], "plain": True})
    told = in_parts(body, 64, name="é.csv")
    assert isinstance(told, Accepted)
    assert told.facts["plain"] is False
    assert rows_of_pieces(body, told.facts[ROW_STARTS]) == rows_by_csv(body.decode())


def test_a_mark_that_begins_a_part_belongs_to_its_row() -> None:
    body = 'a,b\n\ufeff"x,1\n'.encode() + b"y,2\n" * 5
    told = in_parts(body, 4)
    assert isinstance(told, Accepted)
    check(body, told)


def test_a_field_of_more_than_two_parts_is_left_to_a_look_at_the_whole() -> None:
    body = b'a,b\n1,"' + b"x\n" * 100 + b'"\n'
    assert in_parts(body, 50) is None
    assert isinstance(in_parts(body, 100), Accepted)


def test_what_can_not_be_split_is_looked_at_whole() -> None:
    size = 10 << 30
    assert FORMAT.in_parts(name="a.csv.gz", size_bytes=size) is None
    assert CsvFormat(columns=("a",), encoding="utf-16").in_parts(name="a.csv", size_bytes=size) is None
    assert FORMAT.in_parts(name="a.csv", size_bytes=100 << 20) is None
    look = FORMAT.in_parts(name="a.csv", size_bytes=size)
    assert look is not None
    assert len(look.parts()) == 160


def test_a_fault_in_any_part_is_left_to_a_look_at_the_whole() -> None:
    rows = b"1,2\n" * 100
    for fault in (b"\0,1\n", b'"1" x,2\n', b"\xff,1\n", b'"never closed\n'):
        assert in_parts(b"a,b\n" + rows + fault + rows, 64) is None
    assert in_parts(b"a,b\n" + rows, 64) is not None
