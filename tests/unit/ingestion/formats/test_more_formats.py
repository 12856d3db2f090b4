"""XML, text, binary, fixed width and Excel; and CSV's further options, against Python's own csv module."""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
from decimal import Decimal

import pytest

from lakehouse.ingestion import (
    BinaryFormat,
    CsvFormat,
    ExcelFormat,
    FixedWidthFormat,
    InvalidFormatError,
    TextFormat,
    XmlFormat,
    file_format,
)
from tests.unit.ingestion.formats.bad_files import workbook
from tests.unit.ingestion.formats.format_files import inspected, reason_of, rescued_of, rows_of

ORDERS = XmlFormat(
    row_tag="order",
    columns={"_id": "bigint", "item": "array<struct<_sku:string,_VALUE:int>>", "paid": "decimal(9,2)"},
)


def test_elements_are_rows_with_attributes_children_and_lists() -> None:
    body = """<?xml version="1.0"?><all><order id="1"><item sku="a">2</item><item sku="ü">3</item><paid>1.50</paid>
        <note lang="de">hallo <b>da</b></note></order><x/><order id="2"><item sku="c">x</item><paid/></order></all>"""
    first, second = rows_of(ORDERS, body.encode())
    assert first["_id"] == 1
    assert first["item"] == [{"_sku": "a", "_VALUE": 2}, {"_sku": "ü", "_VALUE": 3}]
    assert first["paid"] == Decimal("1.50")
    assert rescued_of(first) == {"note": {"_lang": "de", "b": "da", "_VALUE": "hallo"}}
    assert second["item"] == [{"_sku": "c", "_VALUE": None}]
    assert rescued_of(second) == {"item": {"_sku": "c", "_VALUE": "x"}}


def test_xml_of_a_declared_encoding_and_packed_is_read() -> None:
    names = XmlFormat(row_tag="r", columns=("n",))
    body = '<?xml version="1.0" encoding="iso-8859-1"?><a><r><n>é</n></r></a>'.encode("latin-1")
    assert rows_of(names, gzip.compress(body), "a.xml.gz")[0]["n"] == "é"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "it is empty"),
        (b"<a><order></a>", "it is not well-formed XML (mismatched tag"),
        (b"<a><order><item>1</item></order>", "it is not well-formed XML (no element found"),
        (b"<a><orders/></a>", "it has no element 'order'"),
        (b"<a>\xff</a>", "it is not well-formed XML"),
        (b"id,b\n1,2\n", "it is not well-formed XML"),
        (
            b'<!DOCTYPE a [<!ENTITY e "x"><!ENTITY f "&e;&e;">]><a>&f;</a>',
            "it declares the entity 'e' of its own",
        ),
        (b"<order>" * 300 + b"</order>" * 300, "nested more than 200 deep"),
        (b'<a><order id="1" id="2"/></a>', "duplicate attribute"),
    ],
)
def test_xml_that_can_not_be_read_is_rejected(body: bytes, reason: str) -> None:
    assert reason in reason_of(ORDERS, body)


def test_every_line_of_a_text_is_a_row() -> None:
    rows = rows_of(TextFormat(), "\ufeffa\r\n\n  ü \nlast".encode())
    assert [row["value"] for row in rows] == ["a", "", "  ü ", "last"]
    (whole,) = rows_of(TextFormat(whole=True, encoding="latin-1"), b"\xe9\n\n")
    assert whole["value"] == "é\n\n"
    assert "it is not UTF-8" in reason_of(TextFormat(), b"\xe9\n")
    assert reason_of(TextFormat(), b"") == "it is empty"


def test_a_binary_file_is_a_row_with_its_bytes_as_they_lie_there() -> None:
    body = gzip.compress(b"\x00\xff")
    assert rows_of(BinaryFormat(), body, "a.gz") == [
        {"content": body, "length": len(body), "_rescued_data": None}
    ]


WIDTHS = FixedWidthFormat(columns={"id": "int", "name": "string"}, places={"id": (0, 4), "name": (4, 10)})


def test_fixed_columns_are_cut_from_each_line() -> None:
    rows = rows_of(WIDTHS, "   1ann   \n   2bö\n    xyz   \n  x1ann\n".encode())
    assert [(row["id"], row["name"]) for row in rows] == [(1, "ann"), (2, "bö"), (None, "xyz"), (None, "ann")]
    assert rescued_of(rows[3]) == {"id": "x1"}


def test_a_number_in_a_fixed_line_fits_a_column_of_numbers_and_a_text_does_not() -> None:
    noting = WIDTHS.noting_changes()
    changes = [noting.changed_types(inspected(noting, body)) for body in (b"   1ann\n", b"  x1ann\n")]
    assert changes == [{}, {"id": "string"}]


def test_a_fixed_line_that_is_torn_or_too_long_is_kept_whole() -> None:
    rows = rows_of(WIDTHS, b"   1ann\n   2ann   more\n 3\n")
    assert [rescued_of(row) for row in rows] == [
        {},
        {"_malformed_row": "   2ann   more"},
        {"_malformed_row": " 3"},
    ]
    assert "none of its 1 lines can be read" in reason_of(WIDTHS, b'{"id": 1, "name": "x"}\n')


SHEET = ExcelFormat(columns={"id": "bigint", "price": "double", "name": "string"})


def test_a_sheet_is_read_by_the_names_of_its_first_row() -> None:
    body = workbook([["name", "id", "price", "note"], ["ann", 1, 1.5, ""], ["", "", "", ""], [7, 2, 3, "x"]])
    first, second = rows_of(SHEET, body)
    assert first == {"id": 1, "price": 1.5, "name": "ann", "_rescued_data": None}
    assert (second["name"], rescued_of(second)) == ("7", {"note": "x"})


def test_a_workbook_that_can_not_be_read_is_rejected() -> None:
    body = workbook([["name", "id", "price"], ["ann", 1, 1.5]])
    assert "no row has 'price'" in reason_of(SHEET, workbook([["name", "id"], ["ann", 1]]))
    assert "more than once" in reason_of(SHEET, workbook([["id", "id"], [1, 2]]))
    assert "it has no sheet 'Other'; it has 'Sales'" in reason_of(
        ExcelFormat(columns=("id",), sheet="Other"), body
    )
    assert "it is no whole workbook" in reason_of(SHEET, body[:-30])
    assert "it is no whole workbook" in reason_of(SHEET, b"id,name\n1,2\n")
    assert reason_of(SHEET, b"") == "it is empty"
    assert "400 times its size" in reason_of(SHEET, workbook([["id"]], filler=90 << 20))


@pytest.mark.parametrize(
    ("options", "text", "python"),
    [
        ({"escape": "\\"}, 'id,w\n1,"a\\"b,c"\n2,x\\,y\n', {"escapechar": "\\"}),
        ({"quote": "'"}, "id,w\n1,'a,''b'\n2,\"x\n", {"quotechar": "'"}),
        ({"quote": ""}, 'id,w\n1,"x\n2,y"z\n', {"quoting": csv.QUOTE_NONE}),
    ],
)
def test_signs_of_csv_are_those_of_pythons_module(options: dict, text: str, python: dict) -> None:
    rows = rows_of(CsvFormat(columns=("id", "w"), **options), text.encode())
    _, *expected = csv.reader(io.StringIO(text, newline=""), strict=True, **python)
    assert [[row["id"], row["w"]] for row in rows] == expected


def test_comments_words_for_null_and_a_header_that_is_given() -> None:
    plain = CsvFormat(columns=("w", "id"), header=("id", "w", "x"), comment="#", nulls=("NA", "-"))
    rows = rows_of(plain, b'# made today\n1,NA,\n#2,b,c\n3,"a\n#b",-\n-,"NA",5,6\n')
    assert [(row["id"], row["w"]) for row in rows] == [("1", None), ("3", "a\n#b"), (None, None)]
    assert [rescued_of(row) for row in rows] == [{}, {}, {"x": "5", "_malformed_row": '-,"NA",5,6'}]
    assert "its first row has 2 fields, expected 3" in reason_of(plain, b"1,2\n")


def test_a_zip_of_csv_files_is_read_member_by_member() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("a.csv", "id,w\n1,a\n")
        archive.writestr("b.csv", "id,w\n2,b\n")
    rows = rows_of(CsvFormat(columns=("w", "id")), target.getvalue(), "a.zip")
    assert [(row["id"], row["w"]) for row in rows] == [("1", "a"), ("2", "b")]


def test_plain_csv_read_by_arrow_has_the_rows_of_the_exact_reader() -> None:
    body = 'id,w\r\n1,"a ""b"" ,"\r\n\r\n2,\r\n"",ü \r\n3,x,y\r\n'.encode()
    even = body.replace(b"3,x,y\r\n", b"")
    columns = CsvFormat(columns=("w", "id", "z"), optional=("z",))
    for text in (body, even):
        rows = rows_of(columns, text, "/in/a.csv")  # by Arrow, but for the row of three fields
        assert rows == rows_of(columns, text, "é.csv")  # exactly
    assert [row["w"] for row in rows] == ['a "b" ,', None, "ü "]


def test_a_format_is_made_by_its_word() -> None:
    made = file_format("fixed_width", {"places": {"id": [0, 4]}, "columns": None, "optional": ()})
    assert made == FixedWidthFormat(places={"id": (0, 4)})
    assert file_format("json_lines", {"columns": "id bigint, a array<int>"}).schema().fieldNames()[:2] == [
        "id",
        "a",
    ]
    for word, options, message in (
        ("jsonl", {}, "there is no file format 'jsonl'"),
        ("text", {"delimiter": ";"}, "the format 'text' has no option 'delimiter'"),
        ("xml", {}, "row_tag"),
        ("json", {"columns": "id bigint,, x"}, "the columns are wrong"),
    ):
        with pytest.raises(InvalidFormatError, match=message):
            file_format(word, options)


@pytest.mark.parametrize(
    ("problem", "made"),
    [
        ("the escape", CsvFormat(columns=("a",), escape="ab")),
        ("is both the quote and the escape", CsvFormat(columns=("a",), escape='"')),
        ("has a name twice", CsvFormat(columns=("a",), header=("a", "a"))),
        ("is not in the header that is given", CsvFormat(columns=("a",), header=("b",))),
        ("the type of the column 'a' is wrong", XmlFormat(row_tag="r", columns={"a": "decimal(5,9)"})),
        ("names the type 'strin'", XmlFormat(row_tag="r", columns={"a": "strin"})),
        ("has no place", FixedWidthFormat(columns=("a",))),
        ("text has the column 'value'", TextFormat(columns=("a",))),
        ("no text encoding", TextFormat(encoding="utf-9")),
    ],
)
def test_a_declaration_that_no_file_can_be_read_by_is_a_problem(problem: str, made) -> None:
    assert problem in " ".join(map(str, made.problems()))
