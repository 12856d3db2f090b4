"""Which keys a data file holds, kept beside the table: it saves opening files, and is believed only where whole."""

from lakehouse.tables.key_index.index import KeyIndex
from lakehouse.tables.key_index.narrowing import narrowed_by_index

__all__ = ["KeyIndex", "narrowed_by_index"]
