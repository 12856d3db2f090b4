"""What all earlier batches found, file by file: a path's whole history counts, not only its last verdict."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from lakehouse.ingestion.file_inputs import FileInputs, TrackedFile
from lakehouse.ingestion.formats import Accepted, Inspection
from lakehouse.ingestion.landing_zone import LandedFile

__all__ = ["FileMemory"]


class FileMemory:
    """Answers about the files that the batches of one table name.

    ``declaration`` is what an inspection would depend on now: a verdict that depended on another is no reason
    not to look again. Files that were taken stay taken, whatever is declared.
    """

    def __init__(self, history: Iterable[Mapping[str, Any]], *, declaration: str) -> None:
        self._declaration = declaration
        self._by_path: dict[str, list[TrackedFile]] = defaultdict(list)
        for inputs in history:
            for file in FileInputs.of(inputs).files:
                self._by_path[file.path].append(file)

    def knows_state(self, file: LandedFile) -> bool:
        """Say whether a file of this size and time was looked at, in such a way that another look finds no more."""
        state = (file.size_bytes, file.modified_ms)
        seen = [known for known in self._by_path.get(file.path, ()) if known.state == state]
        return bool(seen) and not self._is_worth_another_look(seen[-1])

    def was_taken(self, path: str) -> bool:
        """Say whether rows of a file of this path are in the table."""
        return any(known.reason is None for known in self._by_path.get(path, ()))

    def has_taken(self, path: str, digest: str) -> bool:
        """Say whether rows of just this content, under this path, are in the table."""
        return any(known.reason is None and known.digest == digest for known in self._by_path.get(path, ()))

    def has_rejected(self, path: str, found: Inspection) -> bool:
        """Say whether this content was set aside under this path, for the same reason."""
        reason = None if isinstance(found, Accepted) else found.reason
        known = self._by_path.get(path, ())
        return reason is not None and any(each.was_rejected(found.digest, reason) for each in known)

    def _is_worth_another_look(self, known: TrackedFile) -> bool:
        if known.reason is None:
            return False
        return known.was_unreadable or known.declaration != self._declaration
