"""Values from one type into another without a loss. It says how to cast a frame's columns; it takes no row away."""

from lakehouse.quality.casts.columns import CAST_ERRORS, CastPolicy, cast_columns
from lakehouse.quality.casts.formats import BadFormatError
from lakehouse.quality.casts.shape import cast_shape
from lakehouse.quality.casts.target import CastTarget
from lakehouse.quality.casts.typed import exact_value

__all__ = [
    "CAST_ERRORS",
    "BadFormatError",
    "CastPolicy",
    "CastTarget",
    "cast_columns",
    "cast_shape",
    "exact_value",
]
