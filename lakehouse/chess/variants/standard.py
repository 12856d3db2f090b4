"""Chess by the FIDE Laws."""

from __future__ import annotations

from lakehouse.chess.endings import DeadPosition, NoMoves
from lakehouse.chess.rule_engine import RuleEngine
from lakehouse.chess.validators import CastlingStrategy, CheckStrategy, EnPassantStrategy, MovementStrategy
from lakehouse.chess.variants.interface import Variant

__all__ = ["STANDARD", "standard_engine"]


def standard_engine() -> RuleEngine:
    """Return the rule engine of the Laws."""
    return RuleEngine(
        [MovementStrategy(), EnPassantStrategy(), CastlingStrategy(), CheckStrategy()],
        endings=[NoMoves(), DeadPosition()],
    )


STANDARD = Variant(
    name="standard",
    aliases=("Chess", "Normal", "From Position", "Standard chess"),
    engine=standard_engine(),
)
