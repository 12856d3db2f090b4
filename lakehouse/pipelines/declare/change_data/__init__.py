"""What a feed of changes makes of a table: pure functions on frames. They read and write nothing."""

from lakehouse.pipelines.declare.change_data.changes import (
    DELETED,
    END_AT,
    GIVEN,
    KEY,
    ORIGIN,
    ROW,
    SEQUENCE,
    START_AT,
    Origin,
)
from lakehouse.pipelines.declare.change_data.decision import (
    CONFLICTS,
    FIRST,
    LATE,
    NEWLY_IN_CONFLICT,
    OUTCOME,
    SHOWS,
    Outcome,
)
from lakehouse.pipelines.declare.change_data.rules import ChangeRules
from lakehouse.pipelines.declare.change_data.shown_rows import REMOVED
from lakehouse.pipelines.declare.change_data.snapshots import SNAPSHOT, absences

__all__ = [
    "CONFLICTS",
    "DELETED",
    "END_AT",
    "FIRST",
    "GIVEN",
    "KEY",
    "LATE",
    "NEWLY_IN_CONFLICT",
    "ORIGIN",
    "OUTCOME",
    "REMOVED",
    "ROW",
    "SEQUENCE",
    "SHOWS",
    "SNAPSHOT",
    "START_AT",
    "ChangeRules",
    "Origin",
    "Outcome",
    "absences",
]
