"""Which variant and which position a game starts from, by its tags."""

from __future__ import annotations

from collections.abc import Mapping

from lakehouse.chess.board import Board
from lakehouse.chess.pgn.repairs import RepairLog
from lakehouse.chess.variants.interface import Variant
from lakehouse.chess.variants.registry import variant_of

__all__ = ["start_of"]


def start_of(tags: Mapping[str, str], repairs: RepairLog) -> tuple[Variant, Board]:
    """Return what ``Variant`` and ``FEN`` say; the usual game without them.

    Raises UnknownVariantError, InvalidFenError, NeedsRepairError.
    """
    variant = variant_of(tags.get("Variant", "").strip() or "standard")
    fen = tags.get("FEN", "").strip()
    if not fen:
        return variant, variant.start_board()
    reading = variant.read_fen(fen)
    for text in reading.repairs:
        repairs.add(None, f"left out of the FEN: {text}")
    return variant, reading.board
