"""A position as a row of 14 words, and the way between rows and boards."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from lakehouse.chess.board import Board, VariantState
from lakehouse.chess.geometry import Color
from lakehouse.chess.pieces import PIECE_TYPES, Piece
from lakehouse.chess.position_key import zobrist_key
from lakehouse.chess.variants.crazyhouse import Pockets
from lakehouse.chess.variants.three_check import ChecksLeft

__all__ = [
    "BLACK",
    "CASTLING",
    "CLOCKS",
    "EN_PASSANT",
    "HAND_BITS",
    "KEY",
    "KINGS",
    "NO_SQUARE",
    "OWN",
    "PROMOTED",
    "USUAL_WORDS",
    "WHITE",
    "WORDS",
    "board_of_row",
    "row_of_board",
]

WORDS = 14
"""0-5: pawns, knights, bishops, rooks, queens, kings of both sides."""
KINGS = 5
WHITE, BLACK = 6, 7
CASTLING = 8
"""The rooks that may castle."""
EN_PASSANT = 9
"""The square of a legal capture in passing, or 64."""
CLOCKS = 10
"""Bit 0: Black to move; from bit 8: halfmove clock; from bit 32: move number."""
KEY = 11
"""The Zobrist key."""
USUAL_WORDS = 12
"""So many words hold all of standard chess and Chess960."""
OWN = 12
"""Crazyhouse: pieces in hand, 6 bits each, PNBRQ of White and then of Black. Three-check: the checks that White has
still to give, and from bit 8 those of Black."""
PROMOTED = 13
"""Crazyhouse: the pieces that were pawns."""
NO_SQUARE = 64

HAND_BITS = 6
_ORDER = "PNBRQK"
_IN_HAND = "PNBRQ"
_PIECES = [tuple(PIECE_TYPES[letter](color) for color in Color) for letter in _ORDER]


def row_of_board(board: Board) -> NDArray[np.uint64]:
    """Return the words of a board. Raises OverflowError where a hand holds too many pieces for its bits."""
    words = [0] * WORDS
    for at, piece in board.get_all_pieces().items():
        words[_ORDER.index(piece.letter)] |= 1 << at
        words[WHITE + piece.color] |= 1 << at
    words[CASTLING] = sum(1 << rook for rook in board.castling_rooks)
    words[EN_PASSANT] = NO_SQUARE if board.en_passant is None else board.en_passant
    words[CLOCKS] = int(board.turn) | board.halfmove_clock << 8 | board.fullmove_number << 32
    words[KEY] = zobrist_key(board)
    if board.variant_state is not None:
        words[OWN] = _own_word(board.variant_state)
        words[PROMOTED] = sum(1 << at for at in range(64) if board.variant_state.is_promoted(at))
    return np.array(words, dtype=np.uint64)


def _own_word(state: VariantState) -> int:
    if state.checks_left is not None:
        white, black = state.checks_left
        return white | black << 8
    counts = [hand.count(letter) for hand in state.hands for letter in _IN_HAND]
    if max(counts) > 31:
        raise OverflowError(f"a hand holds {max(counts)} pieces of a kind")
    return sum(count << HAND_BITS * place for place, count in enumerate(counts))


def board_of_row(row: NDArray[np.uint64], *, version: int = 0, like: VariantState | None = None) -> Board:
    """Return the board that a row stands for; ``like`` is the variant's own memory at the start of the game."""
    words = [int(word) for word in row]
    squares: list[Piece | None] = [None] * 64
    for order, kinds in enumerate(_PIECES):
        for at in _squares_of(words[order]):
            squares[at] = kinds[words[BLACK] >> at & 1]
    passed = words[EN_PASSANT]
    return Board(
        squares=tuple(squares),
        turn=Color(words[CLOCKS] & 1),
        castling_rooks=frozenset(_squares_of(words[CASTLING])),
        en_passant=None if passed == NO_SQUARE else passed,
        halfmove_clock=words[CLOCKS] >> 8 & 0xFFFFFF,
        fullmove_number=words[CLOCKS] >> 32,
        version=version,
        variant_state=None if like is None else _own_state(words, like),
    )


def _squares_of(word: int) -> Iterator[int]:
    while word:
        lowest = word & -word
        yield lowest.bit_length() - 1
        word ^= lowest


def _own_state(words: list[int], like: VariantState) -> VariantState:
    if like.checks_left is not None:
        return ChecksLeft(white=words[OWN] & 0xFF, black=words[OWN] >> 8 & 0xFF)
    promoted = frozenset(_squares_of(words[PROMOTED]))
    pockets = Pockets(promoted=promoted)
    for place in range(10):
        color, kind = divmod(place, 5)
        for _ in range(words[OWN] >> HAND_BITS * place & 63):
            pockets = pockets.with_piece(Color(color), _IN_HAND[kind])
    return pockets
