"""What a cast makes of a schema, without the SQL that looks at values, which Spark takes long to read."""

from __future__ import annotations

from pyspark.sql import DataFrame

from lakehouse.quality.casts.columns import CAST_ERRORS, ERRORS_TYPE, CastPolicy, cast_columns
from lakehouse.quality.casts.target import cast_targets
from lakehouse.quality.schemas import Schema
from lakehouse.tables import quoted

__all__ = ["cast_shape"]


def cast_shape(frame: DataFrame, schema: Schema, *, on_error: CastPolicy) -> DataFrame:
    """Return a frame with the columns and types of ``cast_columns``; its values are not those of the cast.

    Text into plain types is never refused. Of all others Spark is asked, by the cast itself.
    """
    targets = cast_targets(schema)
    sources = {field.name: field.dataType for field in frame.schema.fields}
    if not all(target.takes_any(sources[name]) for name, target in targets.items()):
        return cast_columns(frame, schema, on_error=on_error)
    made = {
        name: f"CAST(NULL AS {target.type.simpleString()})"
        for name, target in targets.items()
        if sources[name] != target.type
    }
    kept = [name for name in frame.columns if name != CAST_ERRORS]
    if on_error is CastPolicy.QUARANTINE or CAST_ERRORS in frame.columns:
        made[CAST_ERRORS] = f"CAST(NULL AS {ERRORS_TYPE})"
        kept.append(CAST_ERRORS)
    columns = [f"{made[name]} AS {quoted(name)}" if name in made else quoted(name) for name in kept]
    return frame.selectExpr(*columns)
