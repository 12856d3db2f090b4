"""What write modes that decide on changes have in common."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import and_

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.pipelines.declare.change_data import REMOVED, ChangeRules
from lakehouse.pipelines.declare.rules import ConditionRule, FlowRule
from lakehouse.pipelines.declare.yaml_part import names
from lakehouse.source_location import SourceLocation
from lakehouse.tables import (
    AlreadyPublished,
    IWritableDeltaTable,
    MergePlan,
    Published,
    TransactionId,
    quoted,
    with_columns_of,
)

__all__ = ["all_there", "merged", "names_or_none", "sequence_is_there", "shown_by", "with_other_keys"]


def names_or_none(given: str | Sequence[str] | None) -> tuple[str, ...] | None:
    """Return column names as they are kept; None, for columns that nobody named, stays None."""
    return None if given is None else names(given)


def all_there(columns: Sequence[str]) -> str:
    """Return the condition that none of the columns is NULL."""
    return " AND ".join(f"{quoted(name)} IS NOT NULL" for name in columns)


def sequence_is_there(rules: ChangeRules, location: SourceLocation) -> FlowRule:
    """Return the rule by which a row that has no place in the order of its key is quarantined."""
    return ConditionRule(
        given_name="change(sequence)",
        given_condition=all_there(rules.sequence_by),
        action="quarantine",
        location=location,
    )


def shown_by(rules: ChangeRules, frame: DataFrame) -> DataFrame:
    """Return rows of a feed as a table shows them that holds no others."""
    if (truncations := rules.truncations(frame)) is not None:
        truncations.columns  # noqa: B018 - asking for columns makes Spark analyse the condition
    row_type = rules.row_type(frame.schema)
    return rules.shown(rules.decided(rules.of_feed(frame, row_type), row_type, cleared_at=None))


def merged(
    table: IWritableDeltaTable, frame: DataFrame, keys: Sequence[str], transaction: TransactionId
) -> Published | AlreadyPublished:
    """Write rows over those that they meet; a row that is marked as removed takes the other away.

    What the rows lack of the table's columns, and of fields within them, is NULL in them.
    """
    removed = REMOVED if REMOVED in frame.columns else None
    if (state := table.state()) is not None:
        frame = with_columns_of(state.schema, frame)
        spelled = {name.lower(): name for name in state.schema.names}
        keys = [spelled.get(key.lower(), key) for key in keys]
    return table.merge(frame, MergePlan(keys=tuple(keys), removed=removed), transaction=transaction)


def with_other_keys(held: DataFrame, new: DataFrame, keys: Sequence[str]) -> DataFrame:
    """Return the held rows whose keys no new row has; NULL equals NULL."""
    aliases = {key: f"__lakehouse_merged_{number}" for number, key in enumerate(keys)}
    theirs = new.select(*(F.col(quoted(key)).alias(name) for key, name in aliases.items()))
    same = reduce(and_, (held[quoted(key)].eqNullSafe(theirs[name]) for key, name in aliases.items()))
    return held.join(theirs, same, "left_anti")
