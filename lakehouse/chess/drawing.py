"""Boards as pictures: lines of text, or an SVG document of its own."""

from __future__ import annotations

from lakehouse.chess.board import Board
from lakehouse.chess.geometry import FILES, Position
from lakehouse.chess.pieces import Piece

__all__ = ["draw_svg", "draw_text"]

_GLYPHS = {
    **dict(zip("KQRBNP", "♔♕♖♗♘♙", strict=True)),
    **dict(zip("kqrbnp", "♚♛♜♝♞♟", strict=True)),
}
SQUARE_SIZE = 45
MARGIN = 20
_COLORS = {"light": "#f0d9b5", "dark": "#b58863", "light last": "#cdd16a", "dark last": "#aaa23a"}


def draw_text(board: Board, *, ascii_only: bool = False) -> str:
    """Return the board as ten lines, White below."""
    lines = []
    for rank in range(7, -1, -1):
        row = board.squares[8 * rank : 8 * rank + 8]
        lines.append(f"{rank + 1}  " + " ".join(_letter(piece, ascii_only=ascii_only) for piece in row))
    held = "" if board.variant_state is None else board.variant_state.fen_pocket().strip("[]")
    return "\n".join([*lines, "", "   " + " ".join(FILES), *([f"in hand: {held}"] if held else [])])


def draw_svg(board: Board, *, last: tuple[Position, Position] | None = None) -> str:
    """Return the board as an SVG document, White below, with the squares of the last move marked."""
    side = 8 * SQUARE_SIZE + 2 * MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{side}" height="{side}" viewBox="0 0 {side} {side}">'
    ]
    for at, piece in enumerate(board.squares):
        parts.extend(_square(at, piece, is_last=last is not None and at in last))
    for place in range(8):
        middle = MARGIN + place * SQUARE_SIZE + SQUARE_SIZE // 2
        parts.append(_text(middle, side - 5, FILES[place], size=12))
        parts.append(_text(MARGIN // 2, side - middle + 4, str(place + 1), size=12))
    return "\n".join([*parts, "</svg>", ""])


def _letter(piece: Piece | None, *, ascii_only: bool) -> str:
    if piece is None:
        return "."
    return piece.symbol if ascii_only else _GLYPHS[piece.symbol]


def _square(at: Position, piece: Piece | None, *, is_last: bool) -> list[str]:
    left, top = MARGIN + (at & 7) * SQUARE_SIZE, MARGIN + (7 - (at >> 3)) * SQUARE_SIZE
    shade = "light" if ((at & 7) + (at >> 3)) % 2 else "dark"
    color = _COLORS[f"{shade} last" if is_last else shade]
    parts = [f'<rect x="{left}" y="{top}" width="{SQUARE_SIZE}" height="{SQUARE_SIZE}" fill="{color}"/>']
    if piece is not None:
        parts.append(_text(left + SQUARE_SIZE // 2, top + 35, _GLYPHS[piece.symbol], size=36))
    return parts


def _text(x: int, y: int, content: str, *, size: int) -> str:
    return f'<text x="{x}" y="{y}" font-size="{size}" text-anchor="middle">{content}</text>'
