"""Elements of XML that are all built like the first of them: their texts by one pattern."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.ingestion.formats.plain.lines import check_spaces, trimmed
from lakehouse.ingestion.formats.plain.texts import typed_texts
from lakehouse.ingestion.formats.plain.unsure import Unsure, arrow_is_sure

__all__ = ["plain_elements"]

_SPACE = rb"[ \t\n]*"
_NAME = rb"[A-Za-z_][A-Za-z0-9_.:-]*"
_SPACES = re.compile(_SPACE)
_CHILD = re.compile(rb"<(%b)>[^<]*</(%b)>(%b)" % (_NAME, _NAME, _SPACE))
_ENTITIES: Mapping[str, str] = {"&lt;": "<", "&gt;": ">", "&quot;": '"', "&apos;": "'", "&amp;": "&"}
"""``&amp;`` comes last: what it gives begins no other one."""


def plain_elements(block: bytes, row_tag: str, columns: Mapping[str, pa.DataType]) -> pa.RecordBatch | None:
    """Return the columns of whole elements in UTF-8; None where only the exact rules tell.

    ``block`` begins where the first row begins, and ends where the last one ends. That it is well-formed in its
    place is for the parser to say.
    """
    try:
        with arrow_is_sure():
            return _Layout.of_first(block, row_tag).batch(block, columns)
    except (Unsure, UnicodeDecodeError):
        return None


@dataclass(frozen=True, slots=True)
class _Layout:
    """Rows without attributes, whose children are texts that come in one order."""

    names: Sequence[str]
    pattern: re.Pattern[bytes]
    """One row with what stands behind it; a group for each child."""
    gap: bytes
    """What stands between two rows."""
    other_bytes: int
    """What a row has beside the texts."""

    @classmethod
    def of_first(cls, block: bytes, row_tag: str) -> _Layout:
        begin, end = f"<{row_tag}>".encode(), f"</{row_tag}>".encode()
        at = _behind_space(block, len(begin))
        literals, names = [block[:at]], []
        while child := _CHILD.match(block, at):
            name, closing, behind = child.groups()
            if name != closing or name.decode() in names or name.decode() == row_tag:
                raise Unsure
            names.append(name.decode())
            literals[-1] += b"<" + name + b">"
            literals.append(b"</" + name + b">" + behind)
            at = child.end()
        if not names or not block.startswith(begin) or not block.startswith(end, at):
            raise Unsure
        at += len(end)
        gap = block[at : _behind_space(block, at)]
        literals[-1] += end + gap
        pattern = re.compile(rb"([^<\r]*+)".join(map(re.escape, literals)))
        return cls(names, pattern, gap, sum(map(len, literals)))

    def batch(self, block: bytes, columns: Mapping[str, pa.DataType]) -> pa.RecordBatch:
        """Return the columns. Raises Unsure, or UnicodeDecodeError."""
        if not set(self.names) <= columns.keys():
            raise Unsure
        check_spaces(block)
        has_entities = _has_entities(block)
        rows = self.pattern.findall(block + self.gap)
        if not rows:
            raise Unsure
        found = zip(*rows, strict=True) if len(self.names) > 1 else [rows]
        texts = {name: pa.array(each, pa.binary()) for name, each in zip(self.names, found, strict=True)}
        held_bytes = sum(pc.sum(pc.binary_length(each)).as_py() for each in texts.values())
        if held_bytes + len(rows) * self.other_bytes != len(block) + len(self.gap):
            raise Unsure  # something stands between what was found
        arrays = [
            _values(texts[name], held, has_entities=has_entities)
            if name in texts
            else pa.nulls(len(rows), held)
            for name, held in columns.items()
        ]
        return pa.RecordBatch.from_arrays(arrays, names=list(columns))


def _values(found: pa.Array, held: pa.DataType, *, has_entities: bool) -> pa.Array:
    texts = found.cast(pa.string())
    if has_entities:
        for entity, sign in _ENTITIES.items():
            texts = pc.replace_substring(texts, entity, sign)
    return typed_texts(trimmed(texts), held, from_text=True)


def _has_entities(block: bytes) -> bool:
    """Say whether there are some. Raises Unsure at one that is not of XML itself."""
    count = block.count(b"&")
    if count and count != sum(block.count(each.encode()) for each in _ENTITIES):
        raise Unsure
    return count > 0


def _behind_space(block: bytes, at: int) -> int:
    found = _SPACES.match(block, at)
    return at if found is None else found.end()
