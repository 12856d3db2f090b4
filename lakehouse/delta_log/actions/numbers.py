"""The number types of the log's JSON."""

from __future__ import annotations

from typing import Annotated

import msgspec

__all__ = ["Int32", "Int64"]

Int64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
"""The protocol's ``long``: a bigger integer in a log is an error, not a big number."""

Int32 = Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)]
