"""A file is accepted only if reading it needs no guess; the verdict says why not."""

from __future__ import annotations

import gzip
import hashlib
import io

import pytest

from lakehouse.ingestion import Accepted, Inspection, Rejected, inspect_csv

COLUMNS = ("InvoiceNo", "Quantity")


def inspected(body: bytes, *, compressed: bool = False, delimiter: str = ",") -> Inspection:
    return inspect_csv(io.BytesIO(body), columns=COLUMNS, compressed=compressed, delimiter=delimiter)


def test_a_good_file_is_accepted_with_its_header_and_digest() -> None:
    body = b"InvoiceNo,Quantity\n1,2\n"
    digest = hashlib.blake2b(body, digest_size=16).hexdigest()
    assert inspected(body) == Accepted(facts={"header": list(COLUMNS), "multiline": False}, digest=digest)


def test_columns_may_come_in_another_order_and_with_others_between() -> None:
    verdict = inspected(b"Quantity,Note,InvoiceNo\n2,x,1\n")
    assert isinstance(verdict, Accepted)
    assert verdict.facts["header"] == ["Quantity", "Note", "InvoiceNo"]


def test_a_compressed_file_is_looked_into_and_digested_as_it_lies_there() -> None:
    body = gzip.compress(b"InvoiceNo,Quantity\n1,2\n")
    verdict = inspected(body, compressed=True)
    assert isinstance(verdict, Accepted)
    assert verdict.digest == hashlib.blake2b(body, digest_size=16).hexdigest()


def test_a_byte_order_mark_does_not_belong_to_the_first_name() -> None:
    verdict = inspected(b"\xef\xbb\xbfInvoiceNo,Quantity\n1,2\n")
    assert isinstance(verdict, Accepted)
    assert verdict.facts["header"] == list(COLUMNS)


@pytest.mark.parametrize(
    ("body", "multiline"),
    [
        (b'InvoiceNo,Quantity\n"a\nb",2\n', True),
        (b'InvoiceNo,Quantity\n"a ""quoted"" word",2\n', False),
        (b'InvoiceNo,Quantity\n"' + b"x" * (3 << 20) + b'\n",2\n', True),
        (b'InvoiceNo,Quantity\n"' + b"x" * (3 << 20) + b'",2\n', False),
    ],
)
def test_a_line_break_within_quotes_is_found(body: bytes, multiline: bool) -> None:
    verdict = inspected(body)
    assert isinstance(verdict, Accepted)
    assert verdict.facts["multiline"] is multiline


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "it is empty"),
        (b"InvoiceNo,Qty\n1,2\n", "its header lacks 'Quantity'"),
        (b"InvoiceNo,Quantitiy\n1,2\n", "'Quantitiy' is there instead of 'Quantity'?"),
        (b"InvoiceNo;Quantity\n1;2\n", "its delimiter seems to be ';', expected ','"),
        (b"InvoiceNo\tQuantity\n1\t2\n", "its delimiter seems to be a tab"),
        (b"InvoiceNo,Quantity\n\xe9t\xe9,2\n", "it is not UTF-8"),
        (b"InvoiceNo,Quantity\n1,2\xc3", "it is not UTF-8"),
        (b"InvoiceNo,Quantity\n1\x00,2\n", "byte 20 is NUL"),
        (b"InvoiceNo,Quantity,Quantity\n1,2,3\n", "names 'Quantity' more than once"),
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


@pytest.mark.parametrize("cut", [5, -9])
def test_a_torn_gzip_stream_is_rejected(cut: int) -> None:
    verdict = inspected(gzip.compress(b"InvoiceNo,Quantity\n1,2\n")[:cut], compressed=True)
    assert isinstance(verdict, Rejected)
    assert "gzip stream is broken" in verdict.reason


def test_text_that_claims_to_be_gzip_is_rejected() -> None:
    verdict = inspected(b"InvoiceNo,Quantity\n1,2\n", compressed=True)
    assert isinstance(verdict, Rejected)
