"""What an audit finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

__all__ = ["Finding", "Severity"]

Severity: TypeAlias = Literal["error", "warning"]
"""``error``: rows are lost or wrong, or may become so; ``warning``: against the protocol, harmless today."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One violation of the protocol."""

    severity: Severity
    kind: str
    """Short and stable, for programs: ``log gap``, ``missing file``, ``wrong size``, ``bad statistics``, …"""
    where: str
    """A file of the table, relative to its root."""
    message: str
