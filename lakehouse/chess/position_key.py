"""What makes two positions the same, exactly and as a 64-bit number.

The Zobrist numbers come from SplitMix64, so anyone can make the same keys: see ``ZOBRIST_SEED``.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator

from lakehouse.chess.board import Board, VariantState
from lakehouse.chess.geometry import Color

__all__ = [
    "CHECKS_OFFSET",
    "IN_HAND_OFFSET",
    "ZOBRIST_NUMBERS",
    "ZOBRIST_SEED",
    "position_key",
    "zobrist_key",
]

ZOBRIST_SEED = 0x6C616B65686F7573
"""``lakehous`` in ASCII. Numbers 0-767: piece (PNBRQK white, then black) × 64 + square; 768-831: castling
rook by square; 832-839: file of a legal en passant capture; 840: Black to move; from 841: each piece in hand, colour
× 160 + piece (PNBRQ) × 32 + how many of these are before it; from 1161: checks left to give, colour × 10 + number."""

_MASK = (1 << 64) - 1


def _splitmix64(seed: int, count: int) -> tuple[int, ...]:
    numbers, state = [], seed
    for _ in range(count):
        state = (state + 0x9E3779B97F4A7C15) & _MASK
        mixed = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
        numbers.append(mixed ^ (mixed >> 31))
    return tuple(numbers)


CASTLING_OFFSET, EN_PASSANT_OFFSET, BLACK_TO_MOVE, IN_HAND_OFFSET, CHECKS_OFFSET = 768, 832, 840, 841, 1161
ZOBRIST_NUMBERS = _splitmix64(ZOBRIST_SEED, 1181)


def position_key(board: Board) -> Hashable:
    """Return what FIDE 9.2.3 compares: pieces, side to move, castling rights and legal en passant.

    Of a variant's own memory only what the next moves depend on: not which piece was a pawn.
    """
    state = board.variant_state
    own = None if state is None else (state.hands, state.checks_left)
    return (board.squares, board.turn, board.castling_rooks, board.en_passant, own)


def zobrist_key(board: Board) -> int:
    """Return the same as an unsigned 64-bit number; two positions share one by chance only."""
    key = 0 if board.turn is Color.WHITE else ZOBRIST_NUMBERS[BLACK_TO_MOVE]
    for at, piece in board.get_all_pieces().items():
        key ^= ZOBRIST_NUMBERS[("PNBRQK".index(piece.letter) + 6 * piece.color) * 64 + at]
    for rook in board.castling_rooks:
        key ^= ZOBRIST_NUMBERS[CASTLING_OFFSET + rook]
    if board.en_passant is not None:
        key ^= ZOBRIST_NUMBERS[EN_PASSANT_OFFSET + (board.en_passant & 7)]
    if board.variant_state is not None:
        for place in _own_places(board.variant_state):
            key ^= ZOBRIST_NUMBERS[place]
    return key


def _own_places(state: VariantState) -> Iterator[int]:
    """Yield the places of a variant's own numbers."""
    for color, hand in enumerate(state.hands):
        for letter in set(hand):
            first = IN_HAND_OFFSET + 160 * color + 32 * "PNBRQ".index(letter)
            yield from (first + count % 32 for count in range(hand.count(letter)))
    for color, left in enumerate(state.checks_left or ()):
        yield CHECKS_OFFSET + 10 * color + left
