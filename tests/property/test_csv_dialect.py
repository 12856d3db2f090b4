"""Rows of a text are those of Python's ``csv`` in strict mode; a plain text needs no CSV reader at all."""

from __future__ import annotations

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from lakehouse.ingestion import UnreadableFileError
from lakehouse.ingestion.formats.csv_dialect import CsvDialect
from lakehouse.ingestion.formats.csv_plainness import is_plain, whole_lines

TEXTS = st.text(alphabet='a"",;|\n\n\r\t é\x01\\', max_size=60)
CELLS = st.text(alphabet='a"|,\n\r é', max_size=6)


def by_csv(text: str, delimiter: str = ",") -> list[list[str]] | None:
    """Return the rows as the oracle reads them; None where it refuses."""
    try:
        lines = io.StringIO(text, newline="")
        return [row for row in csv.reader(lines, delimiter=delimiter, strict=True) if row]
    except csv.Error:
        return None


def by_us(text: str, dialect: CsvDialect, *, size: int = 7) -> list[list[str]] | None:
    body = text.encode()
    chunks = [body[at : at + size] for at in range(0, len(body), size)]
    try:
        return [row.fields for row in dialect.rows(chunks)]
    except UnreadableFileError:
        return None


@given(TEXTS, st.sampled_from(",;|\t"))
def test_rows_are_those_of_csv_in_strict_mode(text: str, delimiter: str) -> None:
    assert by_us(text, CsvDialect(delimiter=delimiter)) == by_csv(text, delimiter)


@given(TEXTS)
def test_the_texts_of_rows_are_the_whole_text(text: str) -> None:
    try:
        rows = [row.text for row in CsvDialect().rows([text.encode()])]
    except UnreadableFileError:
        return
    assert "".join(rows).translate({10: None, 13: None}) == text.translate({10: None, 13: None})


@given(TEXTS, st.sampled_from(",;|\t"))
def test_a_plain_text_gives_its_rows_by_lines(text: str, delimiter: str) -> None:
    if not is_plain(text.encode(), delimiter):
        return
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    rows = [next(csv.reader([line], delimiter=delimiter, strict=True)) for line in lines if line]
    assert rows == by_csv(text, delimiter)
    # Spark leaves out what has nothing beyond blanks.
    assert all(line.strip("".join(map(chr, range(0x21)))) for line in lines if line)


@given(
    st.lists(st.lists(CELLS, min_size=2, max_size=3), max_size=5), st.sampled_from(["||", "::", "ab", "€"])
)
def test_what_is_written_with_a_delimiter_of_several_characters_is_read_again(
    rows: list[list[str]], delimiter: str
) -> None:
    quoted = [['"' + cell.replace('"', '""') + '"' for cell in row] for row in rows]
    text = "\r\n".join(delimiter.join(row) for row in quoted)
    assert by_us(text, CsvDialect(delimiter=delimiter)) == rows


@given(st.lists(st.binary(max_size=9).map(lambda part: part.replace(b"\r", b"\n"))))
def test_blocks_are_the_same_bytes_and_end_with_lines(chunks: list[bytes]) -> None:
    blocks = list(whole_lines(chunks))
    assert b"".join(blocks) == b"".join(chunks)
    assert all(block.endswith(b"\n") for block in blocks[:-1])


@given(st.text(alphabet="a,é\n€😀", max_size=30), st.sampled_from(["utf-16", "utf-16-be", "utf-32", "utf-8"]))
def test_a_declared_encoding_is_read_in_chunks_of_any_size(text: str, encoding: str) -> None:
    body = text.encode(encoding)
    chunks = [body[at : at + 3] for at in range(0, len(body), 3)]
    assert b"".join(CsvDialect(encoding=encoding).utf8(chunks)).decode() == text
