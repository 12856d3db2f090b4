"""What the header of a CSV file must be for the file to be taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lakehouse.errors import closest_name
from lakehouse.ingestion.errors import UnreadableFileError

__all__ = ["ExpectedHeader"]

_OTHER_DELIMITERS = {",": "','", ";": "';'", "\t": "a tab", "|": "'|'"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedHeader:
    """The columns that a header has, by name and in any order."""

    columns: tuple[str, ...]
    required: tuple[str, ...]
    """Those of the columns that it can't lack."""
    older_shapes: bool = False
    """Whether a header of nothing but some of the columns is enough: it is from before the others came."""

    def check(self, header: Sequence[str], *, delimiter: str) -> None:
        """Raise UnreadableFileError where a file of this header is not to be taken."""
        repeated = sorted({name for name in header if header.count(name) > 1})
        if repeated:
            raise UnreadableFileError(f"its header names {_listed(repeated)} more than once")
        missing = [name for name in self.required if name not in header]
        if not missing or (self.older_shapes and set(header) <= set(self.columns)):
            return
        others = [other for other in _OTHER_DELIMITERS if other != delimiter and other in header[0]]
        if len(header) == 1 and others:
            raise UnreadableFileError(
                f"its delimiter seems to be {_OTHER_DELIMITERS[others[0]]}, expected {delimiter!r}"
            )
        raise UnreadableFileError(self._without(missing, header))

    def _without(self, missing: Sequence[str], header: Sequence[str]) -> str:
        unclaimed = [name for name in header if name not in self.required]
        hints = [
            f"{close!r} is there instead of {name!r}"
            for name in missing
            if (close := closest_name(name, unclaimed)) is not None
        ]
        hint = f" ({', '.join(hints)}?)" if hints else ""
        return f"its header lacks {_listed(missing)}{hint}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in names)
