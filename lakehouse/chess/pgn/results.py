"""Results in every way that people write them, as PGN writes them."""

from __future__ import annotations

import re

__all__ = [
    "DOUBLE_FORFEIT",
    "KNOWN_RESULTS",
    "UNFINISHED",
    "is_double_forfeit",
    "is_result",
    "result_of",
    "result_of_tag",
]

UNFINISHED = "*"
DOUBLE_FORFEIT = "0-0"
"""Both players lost, as when neither came. The same letters are a castling wherever a move can stand."""
KNOWN_RESULTS = ("1-0", "0-1", "1/2-1/2", DOUBLE_FORFEIT)
"""What a game can come to; ``*`` says only that it is unfinished."""

_DASH = re.compile("[-:\u2010-\u2015\u2212\x96\x97]")
"""Hyphens, dashes and the minus; 0x96 and 0x97 are the dashes of Windows in what is read as latin-1."""
_FORMS = {"1-0": "1-0", "0-1": "0-1", "1/2-1/2": "1/2-1/2", "1/2": "1/2-1/2", "*": UNFINISHED}
_BYTE_DASH = re.compile(b"\xe2\x80[\x90-\x95]|\xe2\x88\x92|[:\x96\x97]")
_BYTE_HALF = re.compile(b"\xc2?\xbd")


def result_of(text: str) -> str | None:
    """Return the result that a word of the movetext states; None for any other word, ``0-0`` among them."""
    return _FORMS.get(text) or _FORMS.get(_plain(text))


def result_of_tag(text: str) -> str:
    """Return the result that the ``Result`` tag states; ``*`` where it states nothing that is known."""
    plain = _plain(text.strip())
    return DOUBLE_FORFEIT if plain == DOUBLE_FORFEIT else _FORMS.get(plain, UNFINISHED)


def is_double_forfeit(text: str) -> bool:
    """Say whether a word is ``0-0``, with any dash."""
    return _plain(text) == DOUBLE_FORFEIT


def is_result(word: bytes) -> bool:
    """Say whether a word of the movetext is a result, in UTF-8 or latin-1: ``result_of`` before decoding."""
    plain = _BYTE_DASH.sub(b"-", _BYTE_HALF.sub(b"1/2", word))
    return plain.isascii() and plain.decode() in _FORMS


def _plain(text: str) -> str:
    return _DASH.sub("-", text).replace("½", "1/2")
