"""Which small files of a table become one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import pyarrow as pa

from lakehouse.delta_log import ScanPart, Snapshot, target_file_bytes

__all__ = ["small_files_together"]

_MOST_BYTES = 256 << 20
"""Of the files that are put together at once: their rows are in the memory of a task."""


def small_files_together(snapshot: Snapshot) -> Iterator[ScanPart]:
    """Yield small files of one partition that together have about the target size of the table."""
    files = snapshot.plan(None).files
    sizes = files.column("size").to_pylist()
    target = target_file_bytes(sum(sizes))
    partitions = files.column("partitionValues").to_pylist()
    groups: dict[tuple[tuple[str, str | None], ...], list[int]] = defaultdict(list)
    for number, (size, values) in enumerate(zip(sizes, partitions, strict=True)):
        if size < target // 2:
            groups[tuple(sorted(dict(values or ()).items()))].append(number)
    for numbers in groups.values():
        for part in _parts(numbers, sizes, most=min(target, _MOST_BYTES)):
            yield ScanPart.of(snapshot, files.take(pa.array(part, pa.int64())))


def _parts(numbers: Sequence[int], sizes: Sequence[int], *, most: int) -> Iterator[list[int]]:
    """Yield files that together have at most so many bytes; one that finds no other stays as it is."""
    part: list[int] = []
    for number in numbers:
        if part and sum(sizes[each] for each in part) + sizes[number] > most:
            if len(part) > 1:
                yield part
            part = []
        part.append(number)
    if len(part) > 1:
        yield part
