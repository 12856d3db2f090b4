"""A format whose files can end the process that reads them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import BinaryIO

from lakehouse.ingestion import Inspection, JsonLinesFormat


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlyFormat(JsonLinesFormat):
    """JSON lines; a file named ``deadly`` ends its reader, as a crash in C does."""

    def inspect(self, stream: BinaryIO, *, name: str) -> Inspection:
        if "deadly" in name:
            os._exit(9)
        return JsonLinesFormat.inspect(self, stream, name=name)
