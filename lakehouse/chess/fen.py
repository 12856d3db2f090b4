"""Positions as text: FEN, X-FEN and Shredder-FEN in, X-FEN or Shredder-FEN out.

X-FEN writes ``K`` for the outermost rook of the king's side; Shredder-FEN always writes the rook's file.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from lakehouse.chess.board import Board, VariantState
from lakehouse.chess.errors import InvalidFenError
from lakehouse.chess.geometry import FILES, Color, Position, name_of, position_of
from lakehouse.chess.pieces import King, Pawn, Piece, Rook, piece_of

__all__ = ["STANDARD_FEN", "FenExtras", "FenReading", "format_epd_fields", "format_fen", "parse_fen"]

STANDARD_FEN = "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1"

_CHECKS = re.compile(r"\+?[0-9]\+[0-9]")
_CASTLING_LETTERS = frozenset("KQkqABCDEFGHabcdefgh")
_PASSED = re.compile("[a-h][36]")
_COUNTER = re.compile(r"[0-9]{1,5}")


@dataclass(frozen=True, slots=True, kw_only=True)
class FenExtras:
    """What a FEN says beyond the position, for the variant to read."""

    pocket: str | None
    """What stood in brackets, or behind a ninth ``/``; a dash is an empty pocket."""
    promoted: frozenset[Position]
    checks: str | None
    """``3+3`` (checks still to give) or ``+0+0`` (checks given)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FenReading:
    """A board, and what its FEN says in vain."""

    board: Board
    repairs: tuple[str, ...]
    """Castling rights and en passant squares that nothing on the board stands for: the board is without them."""


def parse_fen(
    text: str,
    *,
    read_state: Callable[[FenExtras], VariantState | None] = lambda extras: None,
    is_chess960: bool = True,
) -> FenReading:
    """Read a FEN; the two counters may be missing. Its position is not judged here.

    Without ``is_chess960`` only a king on the e-file castles, with a rook on the a-file or h-file (FIDE 3.8.2).

    Raises InvalidFenError.
    """
    fields = text.split()
    if not 1 <= len(fields) <= 7:
        raise InvalidFenError(fen=text, reason=f"it has {len(fields)} fields, not 6")
    squares, pocket, promoted = _read_placement(text, fields[0])
    turn = _read_turn(text, fields[1] if len(fields) > 1 else "w")
    reader = _RightsReader(text, squares, is_chess960=is_chess960)
    rooks = reader.castling_rooks(fields[2] if len(fields) > 2 else "-")
    passed = reader.en_passant(fields[3] if len(fields) > 3 else "-", turn)
    rest = fields[4:]
    checks = next((field for field in rest if _CHECKS.fullmatch(field)), None)
    counters = [field for field in rest if field is not checks]
    halfmove, fullmove = _read_counters(text, counters)
    extras = FenExtras(pocket="" if pocket == "-" else pocket, promoted=promoted, checks=checks)
    board = Board(
        squares=squares,
        turn=turn,
        castling_rooks=rooks,
        en_passant=passed,
        halfmove_clock=halfmove,
        fullmove_number=fullmove,
        variant_state=read_state(extras),
    )
    return FenReading(board=board, repairs=tuple(reader.idle))


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


@dataclass(slots=True)
class _RightsReader:
    """Reads what a FEN says of moves that may still be made."""

    fen: str
    squares: tuple[Piece | None, ...]
    is_chess960: bool
    idle: list[str] = field(default_factory=list)
    """What the board doesn't bear out."""

    def castling_rooks(self, text: str) -> frozenset[Position]:
        if text == "-":
            return frozenset()
        if len(text) > 4 or len(set(text)) != len(text) or not set(text) <= _CASTLING_LETTERS:
            raise InvalidFenError(fen=self.fen, reason=f"the castling rights {text!r} are not such as 'KQkq'")
        rooks = {letter: self._rook_of(letter) for letter in text}
        self.idle += [
            f"the castling right {letter!r} {self._needs}" for letter in text if rooks[letter] is None
        ]
        return frozenset(rook for rook in rooks.values() if rook is not None)

    @property
    def _needs(self) -> str:
        if self.is_chess960:
            return "has no king and rook on its rank"
        return "has no king on the e-file and rook in the corner (FIDE 3.8.2)"

    def _rook_of(self, letter: str) -> Position | None:
        color = Color.WHITE if letter.isupper() else Color.BLACK
        home = 0 if color is Color.WHITE else 56
        rank = range(home, home + 8)
        kings = [at for at in rank if self.squares[at] is King(color)]
        rooks = [at for at in rank if self.squares[at] is Rook(color)]
        if len(kings) != 1 or not (self.is_chess960 or kings[0] & 7 == 4):
            return None
        if letter in "Kk":
            found = [at for at in rooks if at > kings[0]][-1:]
        elif letter in "Qq":
            found = [at for at in rooks if at < kings[0]][:1]
        else:
            found = [at for at in rooks if at == home + FILES.index(letter.lower())]
        return found[0] if found and (self.is_chess960 or found[0] & 7 in (0, 7)) else None

    def en_passant(self, text: str, turn: Color) -> Position | None:
        if text == "-":
            return None
        if not _PASSED.fullmatch(text):
            raise InvalidFenError(fen=self.fen, reason=f"the en passant square {text!r} is not such as 'e3'")
        passed = position_of(text)
        step = 8 if turn is Color.WHITE else -8
        is_right_rank = passed >> 3 == (5 if turn is Color.WHITE else 2)
        if (
            is_right_rank
            and self.squares[passed - step] is Pawn(turn.opponent)
            and self.squares[passed] is None
            and self.squares[passed + step] is None
        ):
            return passed
        self.idle.append(f"no pawn has just passed over the en passant square {text!r}")
        return None


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
    state = board.variant_state
    parts: list[str] = []
    for rank in range(7, -1, -1):
        empty = 0
        for at in range(8 * rank, 8 * rank + 8):
            piece = board.squares[at]
            if piece is None:
                empty += 1
                continue
            if empty:
                parts.append(str(empty))
                empty = 0
            parts.append(piece.symbol)
            if state is not None and state.is_promoted(at):
                parts.append("~")
        if empty:
            parts.append(str(empty))
        parts.append("/")
    return "".join(parts[:-1])


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
