"""What makes two positions the same, exactly and as a 64-bit number.

The Zobrist numbers come from SplitMix64, so anyone can make the same keys: see ``ZOBRIST_SEED``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable

from lakehouse.chess.board import Board
from lakehouse.chess.geometry import Color

__all__ = ["ZOBRIST_NUMBERS", "ZOBRIST_SEED", "position_key", "zobrist_key"]

ZOBRIST_SEED = 0x6C616B65686F7573
"""``lakehous`` in ASCII. Numbers 0-767: piece (PNBRQK white, then black) × 64 + square; 768-831: castling
rook by square; 832-839: file of a legal en passant capture; 840: Black to move."""

_MASK = (1 << 64) - 1


def _splitmix64(seed: int, count: int) -> tuple[int, ...]:
    numbers, state = [], seed
    for _ in range(count):
        state = (state + 0x9E3779B97F4A7C15) & _MASK
        mixed = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
        numbers.append(mixed ^ (mixed >> 31))
    return tuple(numbers)


ZOBRIST_NUMBERS = _splitmix64(ZOBRIST_SEED, 841)
CASTLING_OFFSET, EN_PASSANT_OFFSET, BLACK_TO_MOVE = 768, 832, 840


def position_key(board: Board) -> Hashable:
    """Return what FIDE 9.2.3 compares: pieces, side to move, castling rights and legal en passant."""
    return (board.squares, board.turn, board.castling_rooks, board.en_passant, board.variant_state)


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
        text = board.variant_state.fen_pocket() + board.variant_state.fen_field()
        digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
        key ^= int.from_bytes(digest, "big") if text.strip("[]") else 0
    return key
