"""How far an application has come."""

from __future__ import annotations

import msgspec

from lakehouse.delta_log.actions.numbers import Int64

__all__ = ["SetTransaction"]


class SetTransaction(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    rename={"application_id": "appId", "updated_ms": "lastUpdated"},
):
    """One application's progress, committed with its rows (Delta PROTOCOL, "Transaction Identifiers")."""

    application_id: str
    version: Int64
    """The application's own number; the latest counts, also where it is smaller."""
    updated_ms: Int64 | None = None
