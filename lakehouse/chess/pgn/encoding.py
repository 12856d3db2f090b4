"""Which encoding a PGN file is in. It is detected once a file, never by game."""

from __future__ import annotations

from lakehouse.chess.pgn.splitter import UTF8_BOM, content_start

__all__ = ["decode", "detect_encoding"]


def detect_encoding(data: bytes) -> str:
    """Return ``utf-8-sig``, ``utf-8`` (ASCII included) or ``latin-1``, which reads any bytes."""
    if data.startswith(UTF8_BOM):
        return "utf-8-sig"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8"


def decode(raw: bytes, encoding: str) -> str:
    """Decode a part of a file; what a file with a BOM holds beyond UTF-8 is replaced, never raised."""
    content = raw[content_start(raw) :]
    return content.decode("latin-1") if encoding == "latin-1" else content.decode("utf-8", errors="replace")
