"""The lists that one task goes through: which endpoint, from where, and with which steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from lakehouse.ingestion.rest.declaration import CursorValue, RestApi

__all__ = ["Chain", "chains_of"]


class Chain(msgspec.Struct, frozen=True, kw_only=True):
    """The pages of one list, or every so-manieth of them, or one page that an earlier fetch could not get."""

    number: int
    """Names it within its fetch."""
    endpoint: str
    since: CursorValue | None = None
    """Of the incremental parameter."""
    begin: int = 0
    """Where pages have numbers: the first."""
    stride: int = 1
    """Where pages have numbers: how far it is from one to the next."""
    position: dict[str, Any] | None = None
    """Where pages have no numbers: the first; None for the first of the list."""
    goes_on: bool = True
    """Whether it goes on after its first page."""

    def again(self, position: dict[str, Any], *, goes_on: bool) -> Chain:
        """Return the chain that asks for a page of this one later, and for those after it."""
        if "number" in position:
            return msgspec.structs.replace(self, begin=position["number"], goes_on=goes_on)
        return msgspec.structs.replace(self, position=position, goes_on=self.goes_on)


def chains_of(api: RestApi, *, since: CursorValue | None, tasks: int) -> Sequence[Chain]:
    """Return what is to be fetched, as chains that tasks can share out by their numbers.

    Where pages have numbers and there are fewer endpoints than tasks, each list is shared too.
    """
    shares = 1
    if api.pagination.has_numbers and len(api.endpoints) < tasks:
        shares = -(-tasks // len(api.endpoints))
    return [
        Chain(number=number * shares + share, endpoint=endpoint, since=since, begin=share, stride=shares)
        for number, endpoint in enumerate(api.endpoints)
        for share in range(shares)
    ]
