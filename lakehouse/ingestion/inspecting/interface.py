"""What every inspector promises, whoever reads the bytes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from lakehouse.ingestion.formats import Inspection
from lakehouse.ingestion.landed_files import LandedFile

__all__ = ["Inspector"]


class Inspector(ABC):
    """Looks through landed files that have no fault; what it finds does not depend on where it runs."""

    @abstractmethod
    def inspect(self, files: Sequence[LandedFile]) -> Sequence[Inspection | None]:
        """Return what is found in each file, in their order; None for one that is gone. Raises StorageError."""
