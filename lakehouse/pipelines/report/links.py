"""The places of a page by name: whatever a table is called, its link leads to its section."""

from __future__ import annotations

from urllib.parse import quote

__all__ = ["link_to", "place_of"]


def place_of(table: str) -> str:
    """Return the identifier of a table's section."""
    return f"t-{quote(table, safe='')}"


def link_to(table: str) -> str:
    """Return the address, within the page, of a table's section."""
    return f"#{place_of(table)}"
