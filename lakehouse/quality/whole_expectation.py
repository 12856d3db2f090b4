"""A rule about all rows of a table together: it is measured in the pass that judges each row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pyspark.sql import Column

from lakehouse.quality.expectation import RuleAction
from lakehouse.source_location import SourceLocation

__all__ = ["WholeExpectation"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeExpectation:
    """What holds for a table with the rows of a batch; where it doesn't, every row of the batch breaks it."""

    name: str
    action: RuleAction
    measure: Callable[[Column], Column]
    """Makes an aggregate of the batch's rows; its argument says of each row whether no rule takes it out."""
    why_broken: Callable[[Any], str | None]
    """Says of the aggregate's value what is wrong with it; None where the rule is kept."""
    location: SourceLocation = field(compare=False)
