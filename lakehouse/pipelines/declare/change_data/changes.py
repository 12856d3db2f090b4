"""The frame that decisions about changes are made on: a row a change, wherever it comes from."""

from __future__ import annotations

from enum import IntEnum

__all__ = [
    "DELETED",
    "END_AT",
    "GIVEN",
    "KEY",
    "ORIGIN",
    "ROW",
    "SEQUENCE",
    "SHOWN",
    "START_AT",
    "Origin",
]

KEY = "key"
"""Struct of the key's columns, none of them NULL."""
SEQUENCE = "sequence"
"""The order of a key's changes: a value, or a struct of several; never NULL."""
DELETED = "deleted"
"""Whether the key has no row from here on."""
ROW = "row"
"""Struct of the columns that the table takes of the change; NULL where it deletes."""
SHOWN = "shown"
"""Struct of the row's columns as the table shows them: older changes may give values to it."""
ORIGIN = "origin"
GIVEN = "given"
"""Struct of the whole row as it came; NULL where the change did not come with this batch."""

START_AT = "__START_AT"
END_AT = "__END_AT"
"""The columns of a history, as Lakeflow names them: from which sequence on, and up to which, a row was the key's."""


class Origin(IntEnum):
    """Where a change is known from; of equal changes the first in this order stands for all."""

    TABLE = 0
    STATE = 1
    FEED = 2
    ABSENCE = 3
    """From a snapshot that lacks the key."""
