"""What maintenance may cost at once."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

__all__ = ["Budget"]


@dataclass(slots=True, kw_only=True)
class Budget:
    """Seconds and bytes, shared by all tables that are maintained within it. Time runs from its making."""

    seconds: float = float("inf")
    """After these nothing more is begun; what is begun comes to its end."""
    size_bytes: float = float("inf")
    """So many bytes are rewritten at most."""
    _ends: float = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._ends = time.monotonic() + self.seconds

    def allows(self, rewritten_bytes: int) -> bool:
        """Say whether work that rewrites so much may begin."""
        return time.monotonic() < self._ends and rewritten_bytes <= self.size_bytes

    def spend(self, rewritten_bytes: int) -> None:
        """Take the bytes of work that was done."""
        self.size_bytes -= rewritten_bytes
