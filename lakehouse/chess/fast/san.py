"""Resolve the usual forms of SAN from one word of eight bytes. What is not usual is for ``lenient``."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakehouse.chess.fast.bits import ALL, ONE, ZERO, Word, inlined, kernel
from lakehouse.chess.fast.reading import KINDS
from lakehouse.chess.fast.resolving import UNREAD, the_castling, the_only

__all__ = ["KIND_PLACE", "read_usual"]

KIND_PLACE = np.uint64(16)
"""Above the packed move, the kind of the piece that moves."""

_TWO, _THREE, _FOUR, _FIVE, _SIX, _SEVEN, _EIGHT = (np.uint64(n) for n in range(2, 9))
_SIXTEEN = np.uint64(16)
_BYTE, _FILE_A, _RANK_1 = np.uint64(0xFF), np.uint64(0x0101010101010101), np.uint64(0xFF)
_PLUS, _EQUALS, _X, _A, _FIRST_RANK = (np.uint64(ord(letter)) for letter in "+=xa1")
_SHORT = np.uint64(int.from_bytes(b"O-O", "little"))
_LONG = np.uint64(int.from_bytes(b"O-O-O", "little"))


def _origins() -> NDArray[np.uint64]:
    table = np.zeros(256, dtype=np.uint64)
    for number in range(8):
        table[ord("a") + number] = _FILE_A << np.uint64(number)
        table[ord("1") + number] = _RANK_1 << np.uint64(8 * number)
    return table


def _pieces() -> NDArray[np.uint64]:
    table = KINDS.copy()
    table[list(b"abcdefgh")] = 0
    return table


_IS_LAST = np.array([True, *[False] * 6, True])
_ORIGINS = _origins()
"""The squares of a file's or a rank's name; 0 for any other byte."""
_PIECES = _pieces()
"""The kind of a word that begins with this byte: a file's letter is a pawn's."""


@inlined
def read_usual(word: Word, length: Word, rows: NDArray[np.uint64], at: Word) -> Word:
    """Return the legal move that the first ``length`` bytes (2 to 7) name, with its kind at KIND_PLACE, or UNREAD.

    The forms: ``e4``, ``exd5``, ``e8=Q``, ``Nf3``, ``Nxf3``, ``Nbd2``, ``N1xf3``, ``O-O``; each also with ``+``.
    """
    color = rows[at, 10] & ONE
    if _byte(word, length - ONE) == _PLUS:
        length -= ONE
    kind = _PIECES[word & _BYTE]
    if kind > _FIVE:
        return _castling(word, length, rows, at, color)
    promotion: Word = ZERO
    if length > _THREE and _byte(word, length - _TWO) == _EQUALS:
        promotion = KINDS[_byte(word, length - ONE)]
        length -= _TWO
        if promotion - ONE > _THREE:
            return UNREAD
    if length < _TWO:
        return UNREAD
    file, rank = _byte(word, length - _TWO) - _A, _byte(word, length - ONE) - _FIRST_RANK
    if (file | rank) > _SEVEN:
        return UNREAD
    is_piece = ONE if kind else ZERO
    if length < _TWO + is_piece:
        return UNREAD
    origin = _origin(word >> (_EIGHT * is_piece), length - _TWO - is_piece)
    if kind == ZERO:
        if length == _TWO:
            origin = _FILE_A << file
        if _IS_LAST[rank] != (promotion > ZERO):
            return UNREAD
    elif promotion:
        return UNREAD
    move = the_only(rows, at, kind, origin, file | rank << _THREE, promotion, color)
    return move if move == UNREAD else move | kind << KIND_PLACE


@inlined
def _byte(word: Word, place: Word) -> Word:
    return (word >> (_EIGHT * place)) & _BYTE


@inlined
def _origin(word: Word, length: Word) -> Word:
    """Return the squares that a file or a rank, an ``x`` or both allow; 0 for anything else."""
    if length == ZERO:
        return ALL
    first = word & _BYTE
    if length == ONE:
        return ALL if first == _X else _ORIGINS[first]
    return _ORIGINS[first] if length == _TWO and (word >> _EIGHT) & _BYTE == _X else ZERO


@kernel
def _castling(word: Word, length: Word, rows: NDArray[np.uint64], at: Word, color: Word) -> Word:
    word &= ALL >> (_EIGHT * (_EIGHT - length))
    if word != _SHORT and word != _LONG:
        return UNREAD
    move = the_castling(rows, at, color, word == _SHORT)
    return move if move == UNREAD else move | _FIVE << KIND_PLACE
