"""What a table is made of, as a source sees it: read only as far as it is asked for."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["CondensedHistory", "History", "Inputs"]

Inputs = Mapping[str, Any]
"""Names exactly what one batch reads, as JSON: read twice, it gives the same rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CondensedHistory:
    """A history whose beginning is condensed."""

    body: bytes | None
    """What ``Source.condense`` made of the beginning; None where everything is in ``since``."""
    since: Sequence[Inputs]
    """The inputs of the batches after that, oldest first."""


class History(Sequence[Inputs]):
    """The inputs of the batches that a table is made of, oldest first.

    Whether there are any, and the last ones (``history[-1]``), cost the same however many there are; everything
    else reads the file of each batch.
    """

    @abstractmethod
    def condensed(self, form: str) -> CondensedHistory:
        """Return the history with as much of its beginning condensed in this form as somebody has kept."""
