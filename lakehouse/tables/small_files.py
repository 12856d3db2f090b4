"""Small files of a partition put together by this process."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pyarrow as pa

from lakehouse.delta_log import Transaction, target_file_bytes

__all__ = ["compact_small_files"]

_MOST_BYTES = 256 << 20
"""Of the files that are put together at once: their rows are in memory."""


def compact_small_files(transaction: Transaction) -> None:
    """Write the small files of each partition again as few of the target size. No row changes."""
    scan = transaction.snapshot.plan(None)
    files = scan.files
    sizes = files.column("size").to_pylist()
    target = target_file_bytes(sum(sizes))
    partitions = files.column("partitionValues").to_pylist()
    groups: dict[tuple[tuple[str, str | None], ...], list[int]] = defaultdict(list)
    for number, (size, values) in enumerate(zip(sizes, partitions, strict=True)):
        if size < target // 2:
            groups[tuple(sorted(dict(values or ()).items()))].append(number)
    for numbers in groups.values():
        for part in _parts(numbers, sizes, most=min(target, _MOST_BYTES)):
            chosen = files.take(pa.array(part, pa.int64()))
            rows = pa.concat_tables(replace(scan, files=chosen).tables(None, None))
            transaction.rewrite(chosen.column("path").to_pylist(), rows)


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
