"""A file is accepted only if reading it needs no guess; the verdict says why not."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import zipfile

import pyarrow as pa
import pytest

from lakehouse.ingestion import Accepted, CsvFormat, Inspection, Rejected

COLUMNS = ("InvoiceNo", "Quantity")
BODY = b"InvoiceNo,Quantity\n1,2\n"


def inspected(
    body: bytes,
    *,
    name: str = "a.csv",
    delimiter: str = ",",
    encoding: str = "utf-8",
    optional: tuple[str, ...] = (),
) -> Inspection:
    format_ = CsvFormat(columns=COLUMNS, delimiter=delimiter, encoding=encoding, optional=optional)
    return format_.inspect(io.BytesIO(body), name=name)


def test_a_good_file_is_accepted_with_its_header_and_digest() -> None:
    digest = hashlib.blake2b(BODY, digest_size=16).hexdigest()
    assert inspected(BODY) == Accepted(facts={"header": list(COLUMNS), "plain": True}, digest=digest)


def test_columns_may_come_in_another_order_and_with_others_between() -> None:
    verdict = inspected(b"Quantity,Note,InvoiceNo\n2,x,1\n")
    assert isinstance(verdict, Accepted)
    assert verdict.facts["header"] == ["Quantity", "Note", "InvoiceNo"]


def test_a_compressed_file_is_looked_into_and_digested_as_it_lies_there() -> None:
    body = gzip.compress(BODY)
    verdict = inspected(body, name="a.csv.gz")
    assert isinstance(verdict, Accepted)
    assert verdict.digest == hashlib.blake2b(body, digest_size=16).hexdigest()


def test_a_byte_order_mark_does_not_belong_to_the_first_name() -> None:
    verdict = inspected(b"\xef\xbb\xbf" + BODY)
    assert isinstance(verdict, Accepted)
    assert verdict.facts["header"] == list(COLUMNS)


@pytest.mark.parametrize(
    ("body", "plain"),
    [
        (b'InvoiceNo,Quantity\n"a\nb",2\n', False),
        (b'InvoiceNo,Quantity\n"a ""quoted"" word",2\n', True),
        (b'InvoiceNo,Quantity\n"' + b"x" * (3 << 20) + b'\n",2\n', False),
        (b"InvoiceNo,Quantity\n" + (b'"' + b"x" * (3 << 10) + b'",2\n') * 900, True),
        (b"InvoiceNo,Quantity\r\n1,2\r\n", True),
        (b"InvoiceNo,Quantity\r1,2\r", False),
        (b'InvoiceNo,Quantity\n1,5" disk\n', False),
        (b"InvoiceNo,Quantity\n1,2\n \n", False),
        (b"InvoiceNo,Quantity\n1,2\n\n", True),
    ],
)
def test_a_file_is_plain_when_each_line_is_a_row_to_every_reader(body: bytes, plain: bool) -> None:
    verdict = inspected(body)
    assert isinstance(verdict, Accepted)
    assert verdict.facts["plain"] is plain


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("a:b.csv", BODY),
        ("_a.csv", BODY),
        ("a.csv.snap", BODY),
        ("é.csv", BODY),
        ("a.csv.bz2", bz2.compress(BODY)),
        ("a.csv.gz", gzip.compress(BODY) + bytes(9)),
        ("a.csv.gz", gzip.compress(BODY) + gzip.compress(b"3,4\n")),
    ],
)
def test_a_file_that_hadoop_may_open_otherwise_is_not_plain(name: str, body: bytes) -> None:
    verdict = inspected(body, name=name)
    assert isinstance(verdict, Accepted)
    assert verdict.facts["plain"] is False


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "it is empty"),
        (b"\n\n", "it has no header"),
        (b"InvoiceNo,Qty\n1,2\n", "its header lacks 'Quantity'"),
        (b"InvoiceNo,Quantitiy\n1,2\n", "'Quantitiy' is there instead of 'Quantity'?"),
        (b"InvoiceNo;Quantity\n1;2\n", "its delimiter seems to be ';', expected ','"),
        (b"InvoiceNo\tQuantity\n1\t2\n", "its delimiter seems to be a tab"),
        (b"InvoiceNo,Quantity\n\xe9t\xe9,2\n", "it is not UTF-8"),
        (b"InvoiceNo,Quantity\n1,2\xc3", "it is not UTF-8"),
        (b"InvoiceNo,Quantity\n1\x00,2\n", "byte 20 is NUL"),
        (b"InvoiceNo,Quantity,Quantity\n1,2,3\n", "names 'Quantity' more than once"),
        (b'InvoiceNo,Quantity\n1,2\n3,"abc\n5,6\n', "row that begins in line 3 is never closed"),
        (b'InvoiceNo,Quantity\n1,"de', "row that begins in line 2 is never closed"),
        (b'InvoiceNo,"Quantity\n1,2\n', "row that begins in line 1 is never closed"),
        (b'InvoiceNo,Quantity\n1,2\n"12" TV",5\n', "line 3 can't be read without guessing"),
        (BODY.decode().encode("utf-16"), "it seems to be UTF-16, which encoding='utf-16' declares"),
        (gzip.compress(BODY), "it seems to be gzip, which its name does not say"),
        (b"PK\x03\x04\x00", "it seems to be a zip archive or an Excel workbook"),
    ],
)
def test_a_bad_file_is_rejected_with_its_reason(body: bytes, reason: str) -> None:
    verdict = inspected(body)
    assert isinstance(verdict, Rejected)
    assert reason in verdict.reason
    assert verdict.digest == hashlib.blake2b(body, digest_size=16).hexdigest()


def test_a_character_across_two_chunks_is_no_fault() -> None:
    filler = b"x" * ((1 << 20) - 1 - len(b"InvoiceNo,Quantity\n"))
    assert isinstance(inspected(b"InvoiceNo,Quantity\n" + filler + "é,2\n".encode()), Accepted)


def test_a_line_is_named_by_its_number_also_behind_many_plain_ones() -> None:
    verdict = inspected(b"InvoiceNo,Quantity\n" + b"1,2\n" * 600_000 + b'"3,4\n' + b"5,6\n" * 9)
    assert isinstance(verdict, Rejected)
    assert "row that begins in line 600002 is never closed" in verdict.reason


@pytest.mark.parametrize("cut", [5, -9])
def test_a_torn_gzip_stream_is_rejected(cut: int) -> None:
    verdict = inspected(gzip.compress(BODY)[:cut], name="a.csv.gz")
    assert isinstance(verdict, Rejected)
    assert "gzip stream is broken" in verdict.reason


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("a.csv.bz2", bz2.compress),
        ("a.csv.xz", lzma.compress),
        ("a.csv.zst", lambda body: pa.compress(body, codec="zstd", asbytes=True)),
    ],
)
def test_a_torn_or_wrongly_named_stream_of_any_kind_is_rejected(name: str, pack) -> None:
    assert isinstance(inspected(pack(BODY), name=name), Accepted)
    for body in (pack(BODY)[:-5], BODY, pack(BODY)[:4]):
        verdict = inspected(body, name=name)
        assert isinstance(verdict, Rejected)
        assert "stream is broken" in verdict.reason


def test_text_that_claims_to_be_gzip_is_rejected() -> None:
    verdict = inspected(BODY, name="a.csv.gz")
    assert isinstance(verdict, Rejected)


def zipped(**bodies: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.mkdir("folder")
        for name, body in bodies.items():
            archive.writestr(name, body)
    return target.getvalue()


def test_a_zip_archive_without_a_file_is_rejected() -> None:
    verdict = inspected(zipped(), name="a.csv.zip")
    assert isinstance(verdict, Rejected)
    assert verdict.reason == "its zip archive holds no file"


def test_files_of_a_zip_archive_have_one_header() -> None:
    assert isinstance(inspected(zipped(a=BODY, b=BODY), name="a.csv.zip"), Accepted)
    verdict = inspected(zipped(a=BODY, b=b"Quantity,InvoiceNo\n2,1\n"), name="a.csv.zip")
    assert isinstance(verdict, Rejected)
    assert "different headers: ['InvoiceNo', 'Quantity'] and ['Quantity', 'InvoiceNo']" in verdict.reason


def test_a_compression_that_is_not_read_is_named() -> None:
    verdict = inspected(BODY, name="a.csv.7z")
    assert isinstance(verdict, Rejected)
    assert verdict.reason == "it is compressed as 7z, expected plain text, gzip, bzip2, xz, zstd or zip"


def test_a_missing_column_is_fine_only_when_it_is_optional() -> None:
    assert isinstance(inspected(b"InvoiceNo\n1\n"), Rejected)
    assert isinstance(inspected(b"InvoiceNo\n1\n", optional=("Quantity",)), Accepted)
    assert isinstance(inspected(b"Quantity\n1\n", optional=("Quantity",)), Rejected)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "latin-1", "cp1252"])
def test_a_declared_encoding_is_read(encoding: str) -> None:
    verdict = inspected("InvoiceNo,Quantity,é\n1,2,3\n".encode(encoding), encoding=encoding)
    assert isinstance(verdict, Accepted)
    assert verdict.facts["header"] == ["InvoiceNo", "Quantity", "é"]


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"delimiter": ""}, "the delimiter is empty"),
        ({"delimiter": "\\t"}, "is a backslash and a letter"),
        ({"delimiter": '"'}, "holds a quote"),
        ({"delimiter": ",\n"}, "a line end"),
        ({"encoding": "utf-9"}, "the encoding 'utf-9' names no text encoding"),
        ({"encoding": "base64"}, "names no text encoding"),
        ({"optional": ("c",)}, "the column 'c' is optional, and is none of the columns"),
        ({"columns": ("a", "A")}, "the column 'A' can't stand beside 'a'"),
        ({"columns": ("_Source_File",)}, "can't stand beside '_source_file'"),
    ],
)
def test_a_declaration_that_no_file_can_be_read_by_is_refused(options: dict, problem: str) -> None:
    (found,) = CsvFormat(**{"columns": ("a", "b"), **options}).problems()
    assert problem in str(found)
    assert "Fix:" in str(found)
    assert list(CsvFormat(columns=("a", "b"), delimiter="||").problems()) == []
