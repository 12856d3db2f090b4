"""A game as it is written: its tags, its moves with what is said about them, and the lines beside it."""

from __future__ import annotations

from dataclasses import dataclass

from lakehouse.chess.board import Board
from lakehouse.chess.move import Move
from lakehouse.chess.pgn.annotations import Annotations
from lakehouse.chess.variants.interface import Variant

__all__ = ["PgnGame", "PgnMove"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PgnMove:
    """A move of the game or of a variation."""

    san: str
    """Strict SAN, whatever the file wrote."""
    move: Move
    before: str = ""
    """The comment in front of the move, as it opens a game or a variation."""
    nags: tuple[int, ...] = ()
    comment: Annotations | None = None
    variations: tuple[tuple[PgnMove, ...], ...] = ()
    """Lines that could have been played instead of this move."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PgnGame:
    """A whole game, every move of its main line legal."""

    tags: dict[str, str]
    variant: Variant
    start: Board
    moves: tuple[PgnMove, ...]
    result: str
    """``1-0``, ``0-1``, ``1/2-1/2``, ``0-0`` where both lost, or ``*``."""
    comment: str = ""
    """What is said of a game without moves."""
    repairs: tuple[str, ...] = ()
    """What was read otherwise than it is written, each with its ply."""
    warnings: tuple[str, ...] = ()
    """The repairs, and what is wrong beside the main line: illegal variations, tags given twice, a result that
    differs."""
