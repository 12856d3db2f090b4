"""Which variant and which position a game starts from, by its tags."""

from __future__ import annotations

from lakehouse.chess.board import Board
from lakehouse.chess.variants.interface import Variant
from lakehouse.chess.variants.registry import variant_of

__all__ = ["start_of"]


def start_of(tags: dict[str, str]) -> tuple[Variant, Board]:
    """Return what ``Variant`` and ``FEN`` say; the usual game without them.

    Raises UnknownVariantError, InvalidFenError.
    """
    variant = variant_of(tags.get("Variant", "").strip() or "standard")
    fen = tags.get("FEN", "").strip()
    return variant, variant.board_of(fen) if fen else variant.start_board()
