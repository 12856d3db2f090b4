"""Which rows and which schemas are good. It judges frames; it reads and writes no table."""

from lakehouse.quality.casting import CAST_ERRORS, CastPolicy, cast_columns
from lakehouse.quality.errors import (
    ConservationError,
    ExpectationFailedError,
    SchemaMismatchError,
    UnreadableSchemaError,
)
from lakehouse.quality.expectation import Action, Condition, Expectation
from lakehouse.quality.judgement import Judgement, Tally, judge
from lakehouse.quality.quarantine import QUARANTINE_COLUMNS, is_reserved_rule
from lakehouse.quality.schema_validator import (
    Difference,
    ExtraColumn,
    MissingColumn,
    NullabilityDiffers,
    SchemaValidator,
    TypeDiffers,
)
from lakehouse.quality.schemas import Schema, as_struct

__all__ = [
    "CAST_ERRORS",
    "QUARANTINE_COLUMNS",
    "Action",
    "CastPolicy",
    "Condition",
    "ConservationError",
    "Difference",
    "Expectation",
    "ExpectationFailedError",
    "ExtraColumn",
    "Judgement",
    "MissingColumn",
    "NullabilityDiffers",
    "Schema",
    "SchemaMismatchError",
    "SchemaValidator",
    "Tally",
    "TypeDiffers",
    "UnreadableSchemaError",
    "as_struct",
    "cast_columns",
    "is_reserved_rule",
    "judge",
]
