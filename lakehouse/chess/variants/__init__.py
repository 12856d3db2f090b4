"""Standard chess and its variants. Each is a list of injected strategies; no class outside knows of one."""

from lakehouse.chess.variants.antichess import ANTICHESS
from lakehouse.chess.variants.atomic import ATOMIC
from lakehouse.chess.variants.chess960 import CHESS960, chess960_start
from lakehouse.chess.variants.crazyhouse import CRAZYHOUSE
from lakehouse.chess.variants.horde import HORDE
from lakehouse.chess.variants.interface import Variant
from lakehouse.chess.variants.king_of_the_hill import KING_OF_THE_HILL
from lakehouse.chess.variants.racing_kings import RACING_KINGS
from lakehouse.chess.variants.registry import VARIANTS, register_variant, variant_of
from lakehouse.chess.variants.standard import STANDARD
from lakehouse.chess.variants.three_check import THREE_CHECK

for _variant in (
    STANDARD,
    CHESS960,
    THREE_CHECK,
    KING_OF_THE_HILL,
    ANTICHESS,
    ATOMIC,
    HORDE,
    RACING_KINGS,
    CRAZYHOUSE,
):
    register_variant(_variant)

__all__ = [
    "ANTICHESS",
    "ATOMIC",
    "CHESS960",
    "CRAZYHOUSE",
    "HORDE",
    "KING_OF_THE_HILL",
    "RACING_KINGS",
    "STANDARD",
    "THREE_CHECK",
    "VARIANTS",
    "Variant",
    "chess960_start",
    "register_variant",
    "variant_of",
]
