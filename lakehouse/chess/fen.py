"""Positions as text: FEN, X-FEN and Shredder-FEN in, X-FEN or Shredder-FEN out.

X-FEN writes ``K`` for the outermost rook of the king's side; Shredder-FEN always writes the rook's file.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from lakehouse.chess.board import Board, VariantState
from lakehouse.chess.errors import InvalidFenError
from lakehouse.chess.geometry import FILES, Color, Position, name_of, position_of
from lakehouse.chess.pieces import Pawn, Piece, Rook, piece_of

__all__ = ["STANDARD_FEN", "FenExtras", "format_epd_fields", "format_fen", "parse_fen"]

STANDARD_FEN = "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1"

_CHECKS = re.compile(r"\+?[0-9]\+[0-9]")
_COUNTER = re.compile(r"[0-9]{1,5}")


@dataclass(frozen=True, slots=True, kw_only=True)
class FenExtras:
    """What a FEN says beyond the position, for the variant to read."""

    pocket: str | None
    """What stood in brackets, or behind a ninth ``/``."""
    promoted: frozenset[Position]
    checks: str | None
    """``3+3`` (checks still to give) or ``+0+0`` (checks given)."""


def parse_fen(
    text: str, *, read_state: Callable[[FenExtras], VariantState | None] = lambda extras: None
) -> Board:
    """Read a FEN; the two counters may be missing. Its position is not judged here.

    Raises InvalidFenError.
    """
    fields = text.split()
    if not 1 <= len(fields) <= 7:
        raise InvalidFenError(fen=text, reason=f"it has {len(fields)} fields, not 6")
    squares, pocket, promoted = _read_placement(text, fields[0])
    turn = _read_turn(text, fields[1] if len(fields) > 1 else "w")
    rooks = _read_castling(text, fields[2] if len(fields) > 2 else "-", squares)
    passed = _read_en_passant(text, fields[3] if len(fields) > 3 else "-", squares, turn)
    rest = fields[4:]
    checks = next((field for field in rest if _CHECKS.fullmatch(field)), None)
    counters = [field for field in rest if field is not checks]
    halfmove, fullmove = _read_counters(text, counters)
    extras = FenExtras(pocket=pocket, promoted=promoted, checks=checks)
    return Board(
        squares=squares,
        turn=turn,
        castling_rooks=rooks,
        en_passant=passed,
        halfmove_clock=halfmove,
        fullmove_number=fullmove,
        variant_state=read_state(extras),
    )


def _read_placement(fen: str, field: str) -> tuple[tuple[Piece | None, ...], str | None, frozenset[Position]]:
    placement, pocket = field, None
    if field.endswith("]") and "[" in field:
        placement, _, pocket = field[:-1].partition("[")
    elif field.count("/") == 8:
        placement, _, pocket = field.rpartition("/")
    rows = placement.split("/")
    if len(rows) != 8:
        raise InvalidFenError(fen=fen, reason=f"the placement has {len(rows)} ranks, not 8")
    squares: list[Piece | None] = [None] * 64
    promoted: set[Position] = set()
    for rank, row in zip(range(7, -1, -1), rows, strict=True):
        _read_row(fen, row, rank, squares, promoted)
    return tuple(squares), pocket, frozenset(promoted)


def _read_row(fen: str, row: str, rank: int, squares: list[Piece | None], promoted: set[Position]) -> None:
    file, was_digit = 0, False
    for letter in row:
        if letter in "12345678" and not was_digit:
            file, was_digit = file + int(letter), True
            continue
        was_digit = False
        if letter == "~" and file and squares[8 * rank + file - 1] is not None:
            promoted.add(8 * rank + file - 1)
            continue
        piece = piece_of(letter)
        if piece is None or file > 7:
            raise InvalidFenError(fen=fen, reason=f"rank {rank + 1} {row!r} is not 8 squares of pieces")
        squares[8 * rank + file] = piece
        file += 1
    if file != 8:
        raise InvalidFenError(fen=fen, reason=f"rank {rank + 1} {row!r} has {file} squares, not 8")


def _read_turn(fen: str, field: str) -> Color:
    if field not in ("w", "b"):
        raise InvalidFenError(fen=fen, reason=f"the side to move is {field!r}, not 'w' or 'b'")
    return Color.WHITE if field == "w" else Color.BLACK


def _read_castling(fen: str, field: str, squares: tuple[Piece | None, ...]) -> frozenset[Position]:
    if field == "-":
        return frozenset()
    if len(field) > 4 or len(set(field)) != len(field):
        raise InvalidFenError(fen=fen, reason=f"the castling rights {field!r} are not such as 'KQkq'")
    return frozenset(_castling_rook(fen, letter, squares) for letter in field)


def _castling_rook(fen: str, letter: str, squares: tuple[Piece | None, ...]) -> Position:
    color = Color.WHITE if letter.isupper() else Color.BLACK
    home = 0 if color is Color.WHITE else 56
    rooks = [at for at in range(home, home + 8) if squares[at] is Rook(color)]
    kings = [at for at in range(home, home + 8) if (p := squares[at]) is not None and p.letter == "K"]
    kings = [at for at in kings if squares[at] is not None and squares[at].color is color]  # type: ignore[union-attr]
    found: list[Position] = []
    if len(kings) == 1 and letter.upper() == "K":
        found = [at for at in rooks if at > kings[0]][-1:]
    elif len(kings) == 1 and letter.upper() == "Q":
        found = [at for at in rooks if at < kings[0]][:1]
    elif len(kings) == 1 and letter.lower() in FILES:
        found = [at for at in rooks if at == home + FILES.index(letter.lower())]
    if not found:
        raise InvalidFenError(
            fen=fen, reason=f"the castling right {letter!r} has no king and rook on its rank"
        )
    return found[0]


def _read_en_passant(fen: str, field: str, squares: tuple[Piece | None, ...], turn: Color) -> Position | None:
    if field == "-":
        return None
    if not re.fullmatch("[a-h][36]", field) or field[1] != ("6" if turn is Color.WHITE else "3"):
        raise InvalidFenError(fen=fen, reason=f"the en passant square {field!r} is not behind a pawn")
    passed = position_of(field)
    step = 8 if turn is Color.WHITE else -8
    is_behind_pawn = squares[passed - step] is Pawn(turn.opponent)
    if not is_behind_pawn or squares[passed] is not None or squares[passed + step] is not None:
        raise InvalidFenError(fen=fen, reason=f"no pawn has just passed over {field!r}")
    return passed


def _read_counters(fen: str, fields: list[str]) -> tuple[int, int]:
    if len(fields) > 2 or not all(_COUNTER.fullmatch(field) for field in fields):
        raise InvalidFenError(fen=fen, reason=f"the counters {fields!r} are not two numbers")
    numbers = [int(field) for field in fields]
    halfmove = numbers[0] if numbers else 0
    return halfmove, max(1, numbers[1] if len(numbers) > 1 else 1)


def format_fen(board: Board, *, shredder: bool = False) -> str:
    """Write the board as X-FEN, or as Shredder-FEN; the en passant square only where it can be used."""
    field = "" if board.variant_state is None else board.variant_state.fen_field()
    middle = f" {field}" if field else ""
    return (
        f"{format_epd_fields(board, shredder=shredder)}{middle} "
        f"{board.halfmove_clock} {board.fullmove_number}"
    )


def format_epd_fields(board: Board, *, shredder: bool = False) -> str:
    """Write the first four fields of the FEN: what a position is, without the counters."""
    passed = "-" if board.en_passant is None else name_of(board.en_passant)
    pocket = "" if board.variant_state is None else board.variant_state.fen_pocket()
    castling = _format_castling(board, shredder=shredder)
    return f"{_format_placement(board)}{pocket} {board.turn.letter} {castling} {passed}"


def _format_placement(board: Board) -> str:
    rows = []
    for rank in range(7, -1, -1):
        row = "".join(_symbol(board, 8 * rank + file) for file in range(8))
        rows.append(re.sub("1+", lambda run: str(len(run.group())), row))
    return "/".join(rows)


def _symbol(board: Board, at: Position) -> str:
    piece = board.squares[at]
    if piece is None:
        return "1"
    marked = board.variant_state is not None and board.variant_state.is_promoted(at)
    return piece.symbol + "~" if marked else piece.symbol


def _format_castling(board: Board, *, shredder: bool) -> str:
    letters = ""
    for color in Color:
        king = board.king_of(color)
        home = 0 if color is Color.WHITE else 7
        rooks = sorted((at for at in board.castling_rooks if at >> 3 == home), reverse=True)
        for rook in rooks:
            letter = FILES[rook & 7] if shredder or king is None else _xfen_letter(board, king, rook)
            letters += letter.upper() if color is Color.WHITE else letter
    return letters or "-"


def _xfen_letter(board: Board, king: Position, rook: Position) -> str:
    piece = board.squares[rook]
    outside = range(rook + 1, (rook | 7) + 1) if rook > king else range(rook & 56, rook)
    if any(board.squares[at] is piece for at in outside):
        return FILES[rook & 7]
    return "k" if rook > king else "q"
