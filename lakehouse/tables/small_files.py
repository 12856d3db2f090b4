"""Small files of a partition put together by this process."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import pyarrow as pa

from lakehouse.delta_log import Transaction, target_file_bytes

__all__ = ["compact_small_files"]

_MOST_BYTES = 256 << 20
"""Of the files that are put together at once: their rows are in memory."""


def compact_small_files(transaction: Transaction) -> None:
    """Write the small files of each partition again as one, as far as they fit in memory. No row changes."""
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
        if len(numbers) < 2 or sum(sizes[number] for number in numbers) > min(target, _MOST_BYTES):
            continue
        chosen = files.take(pa.array(numbers, pa.int64()))
        rows = pa.concat_tables(replace(scan, files=chosen).tables(None, None))
        transaction.rewrite(chosen.column("path").to_pylist(), rows)
