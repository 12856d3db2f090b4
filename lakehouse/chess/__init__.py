"""Chess: an engine of record. No Spark here, ``spark_udfs`` aside, and no numba outside ``fast``."""

from lakehouse.chess.board import Board
from lakehouse.chess.geometry import Color, Position, name_of, position_of
from lakehouse.chess.move import Move, MoveFlag
from lakehouse.chess.pieces import Bishop, King, Knight, Pawn, Piece, Queen, Rook
from lakehouse.chess.rule_engine import RuleEngine
from lakehouse.chess.termination import Ending, Termination
from lakehouse.chess.validators import CastlingStrategy, CheckStrategy, EnPassantStrategy, MoveValidator
from lakehouse.chess.variants import VARIANTS, Variant, variant_of

__all__ = [
    "VARIANTS",
    "Bishop",
    "Board",
    "CastlingStrategy",
    "CheckStrategy",
    "Color",
    "EnPassantStrategy",
    "Ending",
    "King",
    "Knight",
    "Move",
    "MoveFlag",
    "MoveValidator",
    "Pawn",
    "Piece",
    "Position",
    "Queen",
    "Rook",
    "RuleEngine",
    "Termination",
    "Variant",
    "name_of",
    "position_of",
    "variant_of",
]
