"""What is taken many rows at once is what the exact rules say of each row, or it is left to them."""

from __future__ import annotations

import dataclasses
import io
import json
from typing import Any
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse.ingestion import FixedWidthFormat, JsonFormat, JsonLinesFormat, TextFormat, XmlFormat
from lakehouse.ingestion.errors import UnreadableFileError
from lakehouse.ingestion.formats.content import FileContent
from lakehouse.ingestion.formats.record_format import RecordFormat, findings_in
from lakehouse.ingestion.formats.records import batches_of

TYPES = (
    "bigint",
    "tinyint",
    "double",
    "float",
    "decimal(5,2)",
    "decimal(38,10)",
    "string",
    "boolean",
    "date",
    "timestamp",
    "timestamp_ntz",
)
NUMBERS = (
    *(
        "0",
        "-0",
        "5",
        "5.0",
        "5.5",
        "-0.0",
        "0.1",
        "1.10",
        "127",
        "128",
        "999.99",
        "1000.00",
        "99999.9",
        "1e2",
    ),
    *("1e-400", "1e-310", "1e400", "1E5", "9007199254740993", "9223372036854775807", "9223372036854775808"),
    *(
        "0.125",
        "1.2300000000000000001",
        "16777217",
        "3.4028235677973366e38",
        "3.5e38",
        "0." + "0" * 420 + "1",
    ),
    *("12345678901234567890.0123456789", "1" * 5000, "4.35", "2.675", "1.005"),
)
NOT_NUMBERS = ("NaN", "Infinity", "01", "+1", "0x1F", "1.", ".5", "-", "1_0", "tru", "--1", "1 2")
TEXTS = (
    *("", "x", " x ", "true", "TRUE", "é", "\u00a0x", "a\x1cb", "x\u2003", "ab\tc", "a&b", "<", '"', "\\"),
    *(
        "2011-01-04",
        "2011-02-30",
        "0000-01-01",
        "9999-12-31",
        "20110104",
        "2011-01-04T10:00:00",
        "\ud83d\ude00",
    ),
    *("2011-01-04 10:00:00.123456", "2011-01-04T10:00:00Z", "2011-01-04T10:00:00+02:00", "2011-01-04 10:00"),
    *("2011-01-04T24:00:00", "2011-01-04T10:00:60", "2011-01-04T10:00:00+25:00", "9999-12-31T23:59:59-01:00"),
    *("2011-01-04T10:00:00.1234567", "0001-01-01T00:00:00+01:00", "2011-1-4", "2011-01-04T10:00:00+0200"),
)


def exactly(file_format: RecordFormat, body: bytes) -> Any:
    """What the exact rules say of each record: the rows, the columns that are there, and what there is beside them."""
    columns = file_format.arrow_columns()
    try:
        batches = [
            batch
            for block in file_format.blocks_of(FileContent(io.BytesIO(body), name="a"))
            for batch in batches_of(block.records(), columns, from_text=file_format.has_texts_only)
        ]
        records = (
            record
            for block in file_format.blocks_of(FileContent(io.BytesIO(body), name="a"))
            for record in block.records()
        )
        found = findings_in(records, dict(file_format.columns), file_format.unfit_values)
    except UnreadableFileError as error:
        return str(error)
    return told([row for batch in batches for row in batch.to_pylist()]), found


def as_it_is(file_format: RecordFormat, body: bytes) -> Any:
    """The same as the format says it."""
    try:
        rows = [
            row
            for batch in file_format.rows_of(FileContent(io.BytesIO(body), name="a"))
            for row in batch.to_pylist()
        ]
        found = file_format.look(FileContent(io.BytesIO(body), name="a"))
    except UnreadableFileError as error:
        return str(error)
    return told(rows), found


def told(rows: list[dict[str, Any]]) -> list[str]:
    """Rows as texts: NaN is itself there, and -0.0 is not 0.0."""
    return [repr(row) for row in rows]


def check(file_format: RecordFormat, body: bytes) -> None:
    expected, actual = exactly(file_format, body), as_it_is(file_format, body)
    if isinstance(expected, str) or isinstance(actual, str):
        assert actual == expected
        return
    assert actual[0] == expected[0]
    required = {name for name, _ in file_format.columns} - set(file_format.optional)
    assert actual[1].names & required == expected[1].names & required or isinstance(
        file_format, FixedWidthFormat
    )
    for name in ("records", "malformed", "more", "changed", "first_fault"):
        assert getattr(actual[1], name) == getattr(expected[1], name), name


json_values = (
    st.sampled_from(NUMBERS)
    | st.sampled_from(NOT_NUMBERS)
    | st.sampled_from(("null", "true", "false", "[]", "{}", '{"a": 1}', '"\\ud800"', '"\\u0000"', '"\t"'))
    | st.sampled_from(TEXTS).map(json.dumps)
    | st.sampled_from(TEXTS).map(lambda text: json.dumps(text, ensure_ascii=False))
)
nested = st.builds(
    '{{"a": {}, "b": [{}, {}]}}'.format, json_values, json_values, st.sampled_from(NUMBERS)
) | st.just("null")
columns = st.dictionaries(
    st.sampled_from(("x", "y")),
    st.sampled_from(TYPES)
    | st.builds("struct<a:{},b:array<{}>>".format, st.sampled_from(TYPES), st.sampled_from(TYPES)),
    min_size=1,
)


@st.composite
def json_objects(draw: st.DrawFn) -> tuple[dict[str, str], list[str]]:
    """Columns, and objects that mostly have values of one kind in them."""
    held = draw(columns)
    keys = {name: draw(st.sampled_from((name, name, name, "z"))) for name in held}
    kinds = {name: nested if text.startswith("struct") else json_values for name, text in held.items()}
    lines = draw(st.lists(st.fixed_dictionaries(kinds).map(lambda row: row.items()), min_size=1, max_size=4))
    return held, ["{" + ", ".join(f'"{keys[name]}": {value}' for name, value in line) + "}" for line in lines]


ENDS = ("\n", "\r\n", "\n\n", " \n", "\n ", " ", "\r", ",\n")


@settings(deadline=None, max_examples=100)
@given(json_objects(), st.sampled_from(ENDS), st.booleans(), st.booleans())
def test_lines_of_json(made: tuple[dict[str, str], list[str]], end: str, notes: bool, is_ended: bool) -> None:
    held, objects = made
    file_format = JsonLinesFormat(columns=held, optional=("y",) if "y" in held else (), notes_changes=notes)
    text = end.join(objects) + (end if is_ended else "")
    check(
        file_format, text.encode("utf-8", "surrogatepass").replace(b"\xed\xa0\xbd\xed\xb8\x80", "😀".encode())
    )


@settings(deadline=None, max_examples=100)
@given(json_objects(), st.sampled_from((",", ", ", ",\n ", "", ";")), st.sampled_from(("", "d", "d.r")))
def test_a_document_of_json(made: tuple[dict[str, str], list[str]], between: str, path: str) -> None:
    held, objects = made
    text = "[" + between.join(objects) + "]"
    for key in reversed(path.split(".") if path else []):
        text = f'{{"o": 1, "{key}": {text}}}'
    check(JsonFormat(columns=held, records=path), text.encode("utf-8", "surrogatepass"))


typed = st.dictionaries(st.sampled_from(("x", "y")), st.sampled_from(TYPES), min_size=1)
any_text = st.sampled_from((*NUMBERS[:-1], *NOT_NUMBERS, *TEXTS)).filter(
    lambda text: "\ud83d" not in text and len(text) < 60
)


@st.composite
def text_rows(draw: st.DrawFn) -> tuple[dict[str, str], list[dict[str, str]]]:
    """Columns, and rows whose values are texts of one kind or of many."""
    held = draw(typed)
    some = draw(st.lists(any_text, min_size=1, max_size=2))
    rows = draw(
        st.lists(
            st.fixed_dictionaries(dict.fromkeys(held, st.sampled_from(some) | any_text)),
            min_size=1,
            max_size=4,
        )
    )
    return held, rows


@settings(deadline=None, max_examples=100)
@given(text_rows(), st.sampled_from(ENDS[:5]), st.integers(0, 3), st.booleans(), st.booleans())
def test_lines_of_fixed_width(
    made: tuple[dict[str, str], list[dict[str, str]]], end: str, cut: int, notes: bool, is_optional: bool
) -> None:
    held, rows = made
    places = {name: (10 * at, 10 * at + 10) for at, name in enumerate(held)}
    lines = ["".join(text.replace("\n", " ").ljust(10)[:10] for text in row.values()) for row in rows]
    lines[-1] = lines[-1][: len(lines[-1]) - 4 * cut]
    file_format = FixedWidthFormat(
        columns=held,
        places=places,
        optional=tuple(held) if is_optional else (),
        notes_changes=notes,
        skip_lines=cut % 2,
    )
    check(file_format, end.join(lines).encode())


@settings(deadline=None, max_examples=100)
@given(text_rows(), st.sampled_from(("", "\n", "\n  ", "x", "<!-- -->")), st.sampled_from(("", "k", "<x/>")))
def test_elements_of_xml(made: tuple[dict[str, str], list[dict[str, str]]], gap: str, odd: str) -> None:
    held, rows = made
    parts = [
        "<r>" + gap + gap.join(f"<{name}>{escape(text)}</{name}>" for name, text in row.items()) + "</r>"
        for row in rows
    ]
    if odd == "k":
        parts.insert(1, "<r k='1'><x>1</x></r>")
    text = f"<all>{odd if odd != 'k' else ''}{gap}{gap.join(parts)}{gap}</all>"
    check(XmlFormat(row_tag="r", columns=held), text.encode())


def test_lines_of_text_are_those_that_python_splits() -> None:
    for text in ("a\n\n b \nü", "a\r\nb\r\n", "a\rb\n", "a\r\r\nb", "\n", "a", "a\nb\r"):
        lines = [line.removesuffix("\r") for line in text.split("\n")]
        lines = lines[:-1] if text.endswith("\n") else lines
        batches = TextFormat().rows_of(FileContent(io.BytesIO(text.encode()), name="a"))
        assert [row["value"] for batch in batches for row in batch.to_pylist()] == lines, text


PLAIN = [
    (
        JsonLinesFormat(columns={"x": "bigint", "y": "decimal(9,2)", "z": "array<struct<d:date>>"}),
        b'{"x": 1, "y": 1.10, "z": [{"d": "2011-01-04"}]}\r\n{"z": null, "y": null}\r\n',
    ),
    (JsonFormat(columns={"x": "timestamp"}), b'[{"x": "2011-01-04T10:00:00Z"},\n {"x": null}]'),
    (
        FixedWidthFormat(columns={"x": "int", "y": "float"}, places={"x": (0, 3), "y": (3, 8)}),
        b" 1 1.5\n\n 2     \n  322.2   \n",
    ),
    (
        XmlFormat(row_tag="r", columns={"x": "double", "y": "string", "z": "int"}),
        b'<?xml version="1.0"?><a>\n <r>\n<x>1.5</x> <y>a &amp;lt; b</y></r>\n <r>\n<x></x> <y>\xc3\xbc</y></r>\n</a>',
    ),
]


@pytest.mark.parametrize(("file_format", "body"), PLAIN, ids=lambda each: type(each).__name__)
def test_ordinary_records_are_taken_many_at_once(file_format: RecordFormat, body: bytes) -> None:
    blocks = file_format.blocks_of(FileContent(io.BytesIO(body), name="a"))
    counts = [(block.plain(), len(list(block.records()))) for block in blocks]
    assert [count for batch, count in counts if batch is None and count] == []
    assert sum(batch.num_rows for batch, _ in counts if batch is not None) >= 2
    check(file_format, body)


def json_of(held: str, *values: str) -> tuple[RecordFormat, bytes]:
    """Lines with a value each, in a column of one type."""
    return JsonLinesFormat(columns={"x": held}), "".join(f'{{"x": {value}}}\n' for value in values).encode()


def fixed_of(held: str, *values: str) -> tuple[RecordFormat, bytes]:
    """Lines with a value each, in a column of one type, before a column of text."""
    columns = {"x": held, "y": "string"}
    text = "".join(f"{value:10}ab\n" for value in values)
    return FixedWidthFormat(columns=columns, places={"x": (0, 10), "y": (10, 12)}), text.encode()


def xml_of(text: str, encoding: str = "utf-8") -> tuple[RecordFormat, bytes]:
    return XmlFormat(row_tag="r", columns={"x": "string"}), text.encode(encoding)


ODD = [
    (JsonLinesFormat(columns={"x": "int"}), b'{"x": 1} {"x":\n2}\n'),
    (JsonLinesFormat(columns={"x": "int"}), b'{"x": 1}{"x": 2}\n'),
    (JsonLinesFormat(columns={"x": "int"}), b'{"x": 1}\n{"x": 1, "x": 2}\n'),
    (JsonLinesFormat(columns={"x": "int"}), b'{"x": 1}\n{"x": 1, "z": 2}\n'),
    (JsonLinesFormat(columns={"x": "int", "y": "int"}), b'{"x": 1, "y": null}\n'),
    (JsonLinesFormat(columns={"x": "int", "y": "int"}), b'{"x": 1}\n'),
    (JsonFormat(columns={"x": "int"}), b'[{"x": 1}, {"x": 2, "x": 3}]'),
    (JsonFormat(columns={"x": "int"}, records="d"), b'{"d": [{"x": 1}], "o": {"k": 1, "k": 2}}'),
    (JsonFormat(columns={"x": "int"}, records="d"), b'{"o": [{"x": 1}], "d": [{"x": 1}], "d": 1}'),
    (JsonFormat(columns={"x": "int"}), b'{"x": 1}{"x": 2}'),
    json_of("double", "-0"),
    json_of("double", "0", "1e-400"),
    json_of("double", "0." + "0" * 420 + "1"),
    json_of("double", "9007199254740993"),
    json_of("double", "NaN"),
    json_of("float", "3.5e38"),
    json_of("float", "16777217"),
    json_of("decimal(5,2)", "4.35", "2.675"),
    json_of("decimal(5,2)", "1000.00"),
    json_of("decimal(5,2)", '"1.10"'),
    json_of("decimal(5,2)", "1.2300000000000000001"),
    json_of("decimal(20,1)", "123456789012345678.5"),
    json_of("decimal(38,30)", "0.1"),
    json_of("date", '"2011-02-30"'),
    json_of("timestamp", '"2011-01-04T10:00:00Z"', '"2011-01-04T10:00:00"'),
    json_of("timestamp_ntz", '"2011-01-04T10:00:00Z"'),
    json_of("string", "1.50"),
    json_of("string", '"\\udc00"'),
    json_of("array<struct<a:date>>", "null", '[null, {"a": "2011-01-04"}, {}]', "[]"),
    fixed_of("int", "0x1F"),
    fixed_of("int", "+1"),
    fixed_of("int", "\u00a01"),
    fixed_of("string", "\x1ca"),
    fixed_of("string", "\u00a0x"),
    fixed_of("string", "a\r"),
    fixed_of("double", "1e5", "1_0"),
    fixed_of("decimal(3,2)", "10.00"),
    fixed_of("decimal(3,2)", "1.234"),
    fixed_of("decimal(5,2)", "9999.9"),
    fixed_of("boolean", "True", "FALSE", "yes"),
    fixed_of("timestamp", "2011-01-04"),
    (fixed_of("int")[0], b"1         ab  c\n"),
    (fixed_of("int")[0], b"1         ab\n12\n"),
    xml_of("<a><!-- <r><x>1</x></r> --><r><x>2</x></r></a>"),
    xml_of("<a><![CDATA[<r><x>1</x></r>]]><r><x>2</x></r></a>"),
    xml_of("<a><?p <r><x>1</x></r>?><r><x>2</x></r></a>"),
    xml_of("<a><r k='1'><x>2</x></r><!-- <r><x>1</x></r> --></a>"),
    xml_of("<a><r><x>1</x><x>2</x></r></a>"),
    xml_of("<a><r k='1'><r><x>1</x></r>" + " " * (1 << 20) + "</r></a>"),
    (XmlFormat(row_tag="r", columns={"x": "float"}), b"<a><r><x>4%b</x></r></a>" % (b"0" * 38)),
    xml_of("<a><r><x>1</x></r>text<r><x>2</x></r></a>"),
    xml_of("<a><r><x>1</x></r><r k='1'><x>2</x></r><r><x>3</x></r></a>"),
    xml_of("<a><r k='1'><x>2</x><r><x>3</x></r></r></a>"),
    xml_of("<a><r><x>1</x></r><r><x>2</x><x>3</x></r></a>"),
    xml_of("<a><r><x>1</x></r><r/><r><x/></r></a>"),
    xml_of("<a><r><x>1</x></r></b>"),
    xml_of("<a><r><x>1</x></r>"),
    xml_of("<a><r><x>&amp;lt; &#65;</x></r></a>"),
    xml_of("<a><r><x>&amp;lt;&quot;</x></r></a>"),
    xml_of("<a><r><x>&no;</x></r></a>"),
    xml_of("<a><r><x>]]></x></r></a>"),
    xml_of("<a><r><x>\x01</x></r></a>"),
    xml_of("<a><r><x>\r\na\rb</x></r></a>"),
    xml_of('<?xml version="1.0" encoding="latin-1"?><a><r><x>é</x></r></a>', "latin-1"),
    xml_of('<?xml version="1.0" encoding="iso-8859-1"?><a><r><x>Ã¼</x></r></a>', "latin-1"),
    xml_of("<a>" * 199 + "<r><x>1</x></r>" + "</a>" * 199),
    xml_of("<a>" * 198 + "<r><x>1</x></r>" + "</a>" * 198),
]


@pytest.mark.parametrize(("file_format", "body"), ODD, ids=lambda each: repr(each)[:60])
def test_odd_records_are_what_the_exact_rules_say(file_format: RecordFormat, body: bytes) -> None:
    for noting in (file_format, dataclasses.replace(file_format, notes_changes=True)):
        check(noting, body)
