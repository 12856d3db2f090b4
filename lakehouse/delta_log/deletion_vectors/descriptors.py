"""Descriptors of deletion vectors, as the table of files holds them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from lakehouse.delta_log.actions import DeletionVectorDescriptor
from lakehouse.delta_log.errors import MalformedDeletionVectorError

__all__ = ["descriptor_of"]


def descriptor_of(fields: Mapping[str, Any] | None, *, table: str) -> DeletionVectorDescriptor | None:
    """Return the descriptor of a row in the table of files; None for a file without deleted rows.

    Raises MalformedDeletionVectorError.
    """
    if fields is None:
        return None
    try:
        return msgspec.convert(fields, DeletionVectorDescriptor)
    except msgspec.ValidationError as error:
        raise MalformedDeletionVectorError(source=f"of a file of {table}", reason=str(error)) from error
