"""Hand a cached file to Arrow without a copy. A module of its own: importing Arrow takes its time."""

from __future__ import annotations

import pyarrow as pa

from lakehouse.cache.lease import Lease

__all__ = ["arrow_file"]


def arrow_file(lease: Lease) -> pa.BufferReader:
    """Return the file as Arrow reads it, mapped into memory; valid after the lease is closed."""
    return pa.BufferReader(pa.py_buffer(lease.map()))
