"""What all earlier batches found, file by file: a path's whole history counts, not only its last verdict."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.delta_log import arrow_column
from lakehouse.ingestion.formats import Accepted, Inspection
from lakehouse.ingestion.landed_files import LandedFile, Listing
from lakehouse.ingestion.seen_files import SeenFiles

__all__ = ["FileMemory"]

_STATE = ("path", "size_bytes", "modified_ms", "reason", "declaration")


class FileMemory:
    """Answers about the files that the batches of one table name.

    ``declaration`` is what an inspection would depend on now: a verdict that depended on another is no reason
    not to look again. Files that were taken stay taken, whatever is declared.
    """

    def __init__(self, seen: SeenFiles, *, declaration: str) -> None:
        self._seen = seen
        self._declaration = declaration

    def unknown(
        self, listing: Listing, *, released: Collection[str] = (), on_rewritten: str = "quarantine"
    ) -> Iterator[LandedFile]:
        """Yield the files that need a look: released, or none of their size and time was looked at for good.

        ``replace``: or one was, and another one of the same path after it. ``ignore``: but none that was taken.
        """
        known = self._seen.between(min(listing.paths), max(listing.paths), _STATE)
        positions = pc.index_in(known["path"], value_set=arrow_column(listing.paths, pa.string()))
        listed = pc.is_valid(positions)
        known, positions = known.filter(listed), positions.filter(listed)
        taken: Collection[int] = ()
        if on_rewritten == "ignore":
            taken = frozenset(positions.filter(pc.is_null(known["reason"])).to_pylist())
        if on_rewritten == "replace":
            rows = {place: row for row, place in enumerate(positions.to_pylist())}.values()
            last = arrow_column(sorted(rows), pa.int64())
            known, positions = known.take(last), positions.take(last)
        same = pc.and_(
            pc.equal(known["size_bytes"], arrow_column(listing.sizes_bytes, pa.int64()).take(positions)),
            pc.equal(known["modified_ms"], arrow_column(listing.modified_ms, pa.int64()).take(positions)),
        )
        settled = pc.invert(self._is_worth_another_look(known.filter(same)))
        # Of several looks at the same state the last one counts: it is written over the others.
        verdicts = dict(zip(positions.filter(same).to_pylist(), settled.to_pylist(), strict=True))
        return (
            listing.file(at)
            for at in range(len(listing))
            if listing.paths[at] in released or not (verdicts.get(at) or at in taken)
        )

    def paths_worth_another_look(self) -> Iterator[str]:
        """Yield the paths, in no order, whose last verdict is no reason not to look again."""
        found: set[str] = set()
        for rows in self._seen.rejected():
            found.update(rows.filter(self._is_worth_another_look(rows))["path"].to_pylist())
        for path in found:
            *_, last = self._seen.of_path(path)
            if last.reason is not None and last.declaration != self._declaration:
                yield path

    def was_taken(self, path: str) -> bool:
        """Say whether rows of a file of this path are in the table."""
        return any(known.reason is None for known in self._seen.of_path(path))

    def has_taken(self, path: str, digest: str) -> bool:
        """Say whether rows of just this content, under this path, are in the table: those that were taken last."""
        taken = [known.digest for known in self._seen.of_path(path) if known.reason is None]
        return bool(taken) and taken[-1] == digest

    def has_rejected(self, path: str, found: Inspection) -> bool:
        """Say whether this content was set aside under this path, for the same reason."""
        reason = None if isinstance(found, Accepted) else found.reason
        return reason is not None and any(
            known.was_rejected(found.digest, reason) for known in self._seen.of_path(path)
        )

    def _is_worth_another_look(self, known: pa.Table) -> pa.ChunkedArray:
        declared = arrow_column([self._declaration], pa.string())[0]
        return pc.and_(pc.is_valid(known["reason"]), pc.not_equal(known["declaration"], declared))
