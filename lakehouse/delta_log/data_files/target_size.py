"""How large a data file should be."""

from __future__ import annotations

__all__ = ["target_file_bytes"]

_MIB = 1 << 20
_SMALLEST_TARGET = 16 * _MIB
_LARGEST_TARGET = 1024 * _MIB
_FILES_OF_A_TABLE = 1_024


def target_file_bytes(table_bytes: int) -> int:
    """Return how large a file of a table should be: a table up to 1 TiB has about a thousand files or fewer.

    From 16 MiB, which a reader opens and skips quickly, to 1 GiB.
    """
    return min(max(table_bytes // _FILES_OF_A_TABLE, _SMALLEST_TARGET), _LARGEST_TARGET)
