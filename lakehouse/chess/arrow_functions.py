"""Questions about positions and games, asked of whole Arrow columns. A null or an invalid FEN gives null."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import accumulate

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.chess.board import Board
from lakehouse.chess.errors import ChessError
from lakehouse.chess.fen import format_fen
from lakehouse.chess.geometry import name_of
from lakehouse.chess.openings import OpeningTable
from lakehouse.chess.replay_arrow import replay_arrow
from lakehouse.chess.san import parse_move
from lakehouse.chess.variants import CHESS960, STANDARD, variant_of
from lakehouse.chess.variants.interface import Variant

__all__ = [
    "OPENING_TYPE",
    "classify_opening",
    "fen_after",
    "is_legal",
    "legal_moves",
    "name_openings",
    "uci_moves",
]

OPENING_TYPE = pa.struct([("eco", pa.string()), ("opening", pa.string())])

_WITH_OPENINGS = (STANDARD.name, CHESS960.name)
_UNSIGNED = (1 << 64) - 1
"""A replay has its position keys as signed numbers, an opening table as unsigned ones."""


def legal_moves(fens: pa.Array, variants: pa.Array | None = None) -> pa.ListArray:
    """Return the legal moves of each position in UCI, sorted."""
    rows = [_legal_moves(position) for position in _positions(fens, variants)]
    return pa.array(rows, pa.list_(pa.string()))


def is_legal(fens: pa.Array, moves: pa.Array, variants: pa.Array | None = None) -> pa.BooleanArray:
    """Say whether each move, in SAN or UCI, is legal in its position."""
    pairs = zip(_positions(fens, variants), moves.to_pylist(), strict=True)
    rows = [None if at is None or move is None else _after(*at, move) is not None for at, move in pairs]
    return pa.array(rows, pa.bool_())


def fen_after(fens: pa.Array, moves: pa.Array, variants: pa.Array | None = None) -> pa.StringArray:
    """Return the position after each move, in SAN or UCI; null where the move is illegal."""
    pairs = zip(_positions(fens, variants), moves.to_pylist(), strict=True)
    boards = [None if at is None or move is None else _after(*at, move) for at, move in pairs]
    return pa.array([None if board is None else format_fen(board) for board in boards], pa.string())


def classify_opening(games: pa.Array) -> pa.StructArray:
    """Return ECO code and name of each game's opening, by position; ``games`` are PGN or bare moves."""
    return replay_arrow(games, columns=OPENING_TYPE.names)


def name_openings(position_keys: pa.ListArray, variants: pa.Array, table: OpeningTable) -> pa.StructArray:
    """Return ECO code and name of each replayed game's opening by a table of your own.

    ``position_keys`` and ``variants`` are columns of a replay; only standard chess and Chess960 have openings.
    """
    first = pc.list_slice(position_keys, 0, table.plies).to_pylist()
    found = [
        table.classify([key & _UNSIGNED for key in keys]) if name in _WITH_OPENINGS else None
        for keys, name in zip(first, variants.to_pylist(), strict=True)
    ]
    rows = [{"eco": each and each.eco, "opening": each and each.name} for each in found]
    return pa.array(rows, OPENING_TYPE)


def uci_moves(moves: pa.Array, variants: pa.Array) -> pa.ListArray:
    """Return packed moves (see ``pack_move``) as lists of UCI; in Chess960, castling is king takes rook."""
    games = moves.cast(pa.binary()).fill_null(b"").to_pylist()
    offsets = [0, *accumulate(len(game) // 2 for game in games)]
    buffers = [None, pa.py_buffer(b"".join(games))]
    packed = pa.Array.from_buffers(pa.uint16(), offsets[-1], buffers).cast(pa.int32())
    is_960 = [
        name == CHESS960.name
        for game, name in zip(games, variants.to_pylist(), strict=True)
        for _ in range(len(game) // 2)
    ]
    texts = _UCI.take(_uci_codes(packed, pa.array(is_960, pa.bool_())))
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), texts)


def _positions(fens: pa.Array, variants: pa.Array | None) -> Iterator[tuple[Variant, Board] | None]:
    names = ["standard"] * len(fens) if variants is None else variants.to_pylist()
    for fen, name in zip(fens.to_pylist(), names, strict=True):
        yield None if fen is None or name is None else _position(fen, name)


@lru_cache(maxsize=1024)
def _position(fen: str, variant_name: str) -> tuple[Variant, Board] | None:
    try:
        variant = variant_of(variant_name)
        return variant, variant.read_fen(fen).board
    except ChessError:
        return None


def _legal_moves(position: tuple[Variant, Board] | None) -> list[str] | None:
    if position is None:
        return None
    variant, board = position
    return sorted(move.uci(chess960=variant.is_chess960) for move in variant.engine.legal_moves(board))


def _after(variant: Variant, board: Board, text: str) -> Board | None:
    try:
        return variant.engine.apply(board, parse_move(variant.engine, board, text))
    except ChessError:
        return None


def _uci_codes(packed: pa.Array, is_960: pa.Array) -> pa.Array:
    """Return, for each packed move, its place in ``_UCI``."""
    start, end, promotion = pc.bit_wise_and(packed, 63), _bits(packed, 6, 63), _bits(packed, 12, 7)
    castles = pc.and_(pc.equal(_bits(packed, 15, 1), 1), pc.invert(is_960))
    king_end = pc.bit_wise_or(pc.bit_wise_and(start, 56), pc.if_else(pc.greater(end, start), 6, 2))
    end = pc.if_else(castles, king_end, end)
    return pc.add(pc.multiply(pc.add(pc.multiply(promotion, 64), start), 64), end)


def _bits(packed: pa.Array, place: int, mask: int) -> pa.Array:
    return pc.bit_wise_and(pc.shift_right(packed, place), mask)


def _uci_texts() -> pa.StringArray:
    squares = [name_of(square) for square in range(64)]
    texts = [f"{start}{end}{kind}" for kind in ("", *"nbrqk", "") for start in squares for end in squares]
    drops = [f"{kind}@{end}" for kind in "PNBRQ" for end in squares]
    return pa.array(texts + drops + [None] * (4096 - len(drops)), pa.string())


_UCI = _uci_texts()
"""UCI by promotion, start and end; promotion 7 is a drop, with the piece as start."""
