"""Signs that people put where a move is expected: the Informator's symbols, brackets, drawings of keyboards.

A sign with a Numeric Annotation Glyph (PGN standard, 10) is read as that; others say nothing to a program.
"""

from __future__ import annotations

import re

from lakehouse.chess.san import NULL_MOVES

__all__ = ["is_passing_remark", "is_sign", "nag_of_sign", "plain_dashes", "sign_after_move"]

_NAGS = {
    "□": 7,
    "=": 10,
    "∞": 13,
    "+=": 14,
    "+/=": 14,
    "⩲": 14,
    "=+": 15,
    "=/+": 15,
    "⩱": 15,
    "±": 16,
    "+/-": 16,
    "∓": 17,
    "-/+": 17,
    "+-": 18,
    "-+": 19,
    "∆": 140,
    "⌓": 142,
    "N": 146,
    "D": 220,
}
"""By sign. A sign whose glyph depends on the side, as zugzwang's, is not here."""

_PASSING_REMARK = re.compile(r"e\.?p\.?")
_ANGLE_BRACKETS = re.compile(r"<[^<>]*>?")
_DASHES = dict.fromkeys([*range(0x2010, 0x2016), 0x2212, 0x96, 0x97], "-")
_MOVE_WITH_SIGN = re.compile(r"(?P<move>.*?[1-8QRBNqrbnOo0)+#])(?P<sign>[±∓∞⩲⩱□∆⌓⇆→↑⨁⨀]|\+/?[-=]|[-=]/?\+|=)")


def nag_of_sign(sign: str) -> int | None:
    """Return the number of the sign's glyph, or None."""
    return _NAGS.get(sign)


def plain_dashes(word: str) -> str:
    """Return the word with a hyphen for each dash and minus; 0x96 and 0x97 are dashes of Windows in latin-1."""
    return word.translate(_DASHES)


def is_sign(word: str) -> bool:
    """Say whether a word can't be meant as a move: a known sign, ``<…>``, or no letter and no digit at all."""
    if word in NULL_MOVES:
        return False
    if nag_of_sign(word) is not None or _ANGLE_BRACKETS.fullmatch(word):
        return True
    return not any(letter.isalnum() for letter in word)


def is_passing_remark(word: str) -> bool:
    """Say whether a word is the ``e.p.`` that may follow a capture in passing (FIDE Appendix C.9)."""
    return _PASSING_REMARK.fullmatch(word) is not None


def sign_after_move(word: str) -> tuple[str, str]:
    """Return the move and the sign that is written close behind it; an empty sign for a word that is a move."""
    match = _MOVE_WITH_SIGN.fullmatch(word)
    return (word, "") if match is None else (match["move"], match["sign"])
