"""The lines of a text as a column, and what stands in them without the spaces around it."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.ingestion.formats.plain.unsure import Unsure

__all__ = ["check_spaces", "line_array", "trimmed", "with_line_feeds"]

_SPACES = " \t\n"
_PRINTABLE = bytes(range(0x20, 0x80)) + b"\t\n"
_ODD_SPACE = re.compile(r"[^\S \t\n]")
_NEWLINE = 10


def with_line_feeds(block: bytes) -> bytes:
    """Return lines that end in LF, of lines that end in LF or CRLF. Raises Unsure at any other carriage return."""
    if b"\r" not in block:
        return block
    if block.count(b"\r") != block.count(b"\r\n"):
        raise Unsure
    return block.replace(b"\r\n", b"\n")


def line_array(block: bytes) -> pa.StringArray:
    """Return the lines of a text in UTF-8, without the LF at their ends."""
    if block and not block.endswith(b"\n"):
        block += b"\n"
    ends = np.flatnonzero(np.frombuffer(block, np.uint8) == _NEWLINE)
    # Without the line ends, each line ends as many bytes earlier as there were ends before.
    offsets = np.zeros(len(ends) + 1, np.int32)
    offsets[1:] = ends - np.arange(len(ends))
    return pa.StringArray.from_buffers(
        len(ends), pa.py_buffer(offsets), pa.py_buffer(block.replace(b"\n", b""))
    )


def check_spaces(block: bytes) -> None:
    """Raise Unsure where a text has other space than blanks, tabs and line feeds, which ``trimmed`` would leave."""
    if block.isascii():
        if block.translate(None, _PRINTABLE):
            raise Unsure
    elif _ODD_SPACE.search(block.decode()):
        raise Unsure


def trimmed(texts: pa.Array) -> pa.Array:
    """Return texts without the space around them; NULL for what is blank."""
    inner = pc.ascii_trim(texts, _SPACES)
    return pc.if_else(pc.equal(pc.binary_length(inner), 0), pa.scalar(None, pa.string()), inner)
