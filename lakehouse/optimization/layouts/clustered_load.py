"""What a query for one value will read once files are clustered, foreseen from the bounds and sizes of the files."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass

from lakehouse.optimization.layouts.loads import NO_LOAD, Load, mean
from lakehouse.optimization.layouts.point_queries import PointQueries, Range, hull, probes_of
from lakehouse.optimization.layouts.table import FileFacts

__all__ = ["ClusteredLoad"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusteredLoad:
    """Foresees the load of queries on a table whose files are, or become, clustered by some columns."""

    files: Sequence[FileFacts]
    ranges: Sequence[Sequence[Range]]
    """Of each column, the bounds in each file."""
    layout: str
    """The ``FileFacts.layout`` of files that are clustered so."""
    target_file_bytes: int

    def now(self) -> Load:
        """Return what a query reads of the files as they are."""
        return self._of(range(len(self.files)))

    def after(self, chosen: Set[int]) -> Load:
        """Return what it will read once the chosen files, by their numbers, are clustered together."""
        foreseen = mean([self._after(each, chosen) for each in self.ranges])
        return max(foreseen, self._reached(chosen), key=lambda load: load.weight)

    def _reached(self, chosen: Set[int]) -> Load:
        """Return what it reads of the largest part of them that one rewrite has clustered already.

        Clustering all of them reads no less: where many rows have one value, no order brings them into few files.
        """
        parts: dict[str, list[int]] = {}
        for number in sorted(chosen):
            file = self.files[number]
            if file.layout == self.layout and file.arranged_in is not None:
                parts.setdefault(file.arranged_in, []).append(number)
        return self._of(max(parts.values(), key=len, default=[]))

    def _of(self, numbers: Sequence[int]) -> Load:
        sizes = [self.files[number].size_bytes for number in numbers]
        parts = [[each[number] for number in numbers] for each in self.ranges]
        return mean([PointQueries(part, sizes).mean(probes_of(part)) for part in parts])

    def _after(self, ranges: Sequence[Range], chosen: Set[int]) -> Load:
        sizes = [file.size_bytes for file in self.files]
        kept = [number for number in range(len(sizes)) if number not in chosen]
        rest = PointQueries([ranges[number] for number in kept], [sizes[number] for number in kept])
        size = sum(sizes[number] for number in chosen)
        count = max(1, round(size / self.target_file_bytes))
        # A curve through k columns cuts each of them into the k-th root of the number of files.
        share = count ** (-1 / len(self.ranges))
        clustered = Load(files=count * share, size_bytes=size * share)
        wide = hull([ranges[number] for number in chosen])
        probes = probes_of(ranges)
        loads = [
            rest.load_of(value) + (clustered if wide is None or wide[0] <= value <= wide[1] else NO_LOAD)
            for value in probes
        ]
        return mean(loads) if loads else rest.mean(()) + clustered
