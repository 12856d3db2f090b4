"""What a test of a pipeline can say."""

from __future__ import annotations

from collections.abc import Sequence

from lakehouse.errors import DefinitionError

__all__ = ["MissingTestInputError", "UnexpectedRowsError"]


class UnexpectedRowsError(AssertionError):
    """A table has other rows than a test expects."""


class MissingTestInputError(DefinitionError):
    """A table is asked for whose rows come from outside of the pipeline, and the test gives none."""

    def __init__(self, *, table: str, source: str, given: Sequence[str]) -> None:
        self.table = table
        super().__init__(
            f"{table!r} takes its rows from {source}, which a test doesn't read; "
            f"given are {', '.join(given) or 'no tables'}.",
            fix=f"give its rows: test(inputs={{{table!r}: [...]}}).",
        )
