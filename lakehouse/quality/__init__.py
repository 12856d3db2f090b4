"""Which rows and which schemas are good. It judges frames; it reads and writes no table."""

from lakehouse.quality.casts import (
    CAST_ERRORS,
    BadFormatError,
    CastPolicy,
    CastTarget,
    cast_columns,
    cast_shape,
)
from lakehouse.quality.errors import (
    ConservationError,
    ExpectationFailedError,
    SchemaMismatchError,
    UnreadableFormatError,
    UnreadableSchemaError,
    WholeExpectationFailedError,
)
from lakehouse.quality.expectation import Condition, Expectation, RuleAction
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
from lakehouse.quality.whole_expectation import WholeExpectation

__all__ = [
    "CAST_ERRORS",
    "QUARANTINE_COLUMNS",
    "BadFormatError",
    "CastPolicy",
    "CastTarget",
    "Condition",
    "ConservationError",
    "Difference",
    "Expectation",
    "ExpectationFailedError",
    "ExtraColumn",
    "Judgement",
    "MissingColumn",
    "NullabilityDiffers",
    "RuleAction",
    "Schema",
    "SchemaMismatchError",
    "SchemaValidator",
    "Tally",
    "TypeDiffers",
    "UnreadableFormatError",
    "UnreadableSchemaError",
    "WholeExpectation",
    "WholeExpectationFailedError",
    "as_struct",
    "cast_columns",
    "cast_shape",
    "is_reserved_rule",
    "judge",
]
