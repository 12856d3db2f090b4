"""Openings by position: the last known position of a game names its opening, whatever the move order.

The table is lichess-org/chess-openings (CC0), with the Zobrist key of each line's last position added.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from lakehouse.chess.errors import InvalidNotationError
from lakehouse.chess.pgn.lexer import TokenKind, read_game_text
from lakehouse.chess.position_key import zobrist_key
from lakehouse.chess.san import parse_move
from lakehouse.chess.variants.standard import STANDARD

__all__ = ["Opening", "OpeningTable", "compile_openings", "opening_table", "parse_openings"]

HEADER = "key\teco\tname\tpgn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A named position."""

    eco: str
    """``A00`` … ``E99``."""
    name: str
    plies: int
    """Length of the line that defines it."""


class OpeningTable:
    """Looks openings up by the keys of a game's positions."""

    def __init__(self, openings: dict[int, Opening]) -> None:
        self.openings = openings
        self.plies = max((opening.plies for opening in openings.values()), default=0)
        """No line is longer."""

    def classify(self, keys: Sequence[int]) -> Opening | None:
        """Return the opening of the last known position; ``keys`` are those after each move."""
        for key in reversed(keys[: self.plies]):
            if (opening := self.openings.get(key)) is not None:
                return opening
        return None


@cache
def opening_table() -> OpeningTable:
    """Return the table that comes with the package."""
    return parse_openings(files("lakehouse.chess").joinpath("data/openings.tsv").read_text(encoding="utf-8"))


def parse_openings(text: str) -> OpeningTable:
    """Return the table of a text that ``compile_openings`` made. Raises InvalidNotationError."""
    header, *lines = text.splitlines() or [""]
    if header != HEADER:
        raise _invalid_line(header)
    return OpeningTable(dict(map(_parse_line, lines)))


def _parse_line(line: str) -> tuple[int, Opening]:
    try:
        key, eco, name, pgn = line.split("\t")
        plies = sum(not word.endswith(".") for word in pgn.split())
        return int(key, 16), Opening(eco=eco, name=name, plies=plies)
    except ValueError as error:
        raise _invalid_line(line) from error


def _invalid_line(line: str) -> InvalidNotationError:
    fields = HEADER.replace("\t", ", ")
    return InvalidNotationError(
        what="line of an opening table",
        text=line,
        reason=f"{fields} were expected, with tabs between them",
        fix="make the table's text by compile_openings.",
    )


def compile_openings(rows: Iterable[tuple[str, str, str]]) -> str:
    """Return the table's text from rows of ECO code, name and moves; every move is checked.

    Raises IllegalMoveError.
    """
    lines = [HEADER]
    for eco, name, pgn in rows:
        board = STANDARD.start_board()
        for token in read_game_text(pgn).tokens:
            if token.kind is TokenKind.MOVE:
                board = STANDARD.engine.apply(board, parse_move(STANDARD.engine, board, token.text))
        lines.append(f"{zobrist_key(board):016x}\t{eco}\t{name}\t{pgn}")
    return "\n".join(lines) + "\n"
