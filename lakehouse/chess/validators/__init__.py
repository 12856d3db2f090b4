"""The rules about moves, one strategy each. A rule engine is a list of them; it knows none by name."""

from lakehouse.chess.validators.castling import CastlingStrategy
from lakehouse.chess.validators.check import CheckStrategy
from lakehouse.chess.validators.en_passant import EnPassantStrategy
from lakehouse.chess.validators.interface import MoveValidator
from lakehouse.chess.validators.movement import MovementStrategy

__all__ = ["CastlingStrategy", "CheckStrategy", "EnPassantStrategy", "MoveValidator", "MovementStrategy"]
