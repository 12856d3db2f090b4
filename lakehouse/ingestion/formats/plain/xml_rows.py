"""Elements of XML that are all built like the first of them: their texts by one pattern."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
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
_MARK = ord("<")
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
    tags: Sequence[bytes]
    """What stands before the first text, between two, and behind the last one: of two tags each."""
    gap: bytes
    """What stands between two rows; the last of the tags ends with it."""

    @classmethod
    def of_first(cls, block: bytes, row_tag: str) -> _Layout:
        begin, end = f"<{row_tag}>".encode(), f"</{row_tag}>".encode()
        at = _behind_space(block, len(begin))
        tags, names = [block[:at]], list[str]()
        while child := _CHILD.match(block, at):
            name, closing, behind = child.groups()
            if name != closing or name.decode() in names or name.decode() == row_tag:
                raise Unsure
            names.append(name.decode())
            tags[-1] += b"<" + name + b">"
            tags.append(b"</" + name + b">" + behind)
            at = child.end()
        if not names or not block.startswith(begin) or not block.startswith(end, at):
            raise Unsure
        at += len(end)
        gap = block[at : _behind_space(block, at)]
        tags[-1] += end + gap
        return cls(names, tags, gap)

    def batch(self, block: bytes, columns: Mapping[str, pa.DataType]) -> pa.RecordBatch:
        """Return the columns. Raises Unsure, or UnicodeDecodeError."""
        if not set(self.names) <= columns.keys():
            raise Unsure
        check_spaces(block)
        has_entities = _has_entities(block)
        pieces = self._pieces(block + self.gap)
        step = 2 * len(self.tags)
        at = {name: np.arange(2 * place + 1, len(pieces), step) for place, name in enumerate(self.names)}
        arrays = [
            _values(pieces.take(at[name]), held, has_entities=has_entities)
            if name in at
            else pa.nulls(len(pieces) // step, held)
            for name, held in columns.items()
        ]
        return pa.RecordBatch.from_arrays(arrays, names=list(columns))

    def _pieces(self, text: bytes) -> pa.BinaryArray:
        """Return what stands there one behind the other: tags, a text, tags, a text, … Raises Unsure."""
        signs = np.frombuffer(text, np.uint8)
        marks = np.flatnonzero(signs == _MARK)
        if len(marks) % (2 * len(self.tags)):
            raise Unsure
        begins = marks.reshape(-1, len(self.tags), 2)[:, :, 0]
        ends = begins + [len(each) for each in self.tags]
        if ends.max() > len(text):
            raise Unsure
        for place, tags in enumerate(self.tags):
            found = signs[begins[:, place, np.newaxis] + np.arange(len(tags))]
            if not (found == np.frombuffer(tags, np.uint8)).all():
                raise Unsure
        offsets = np.append(np.stack([begins, ends], axis=2).reshape(-1), len(text)).astype(np.int32)
        if offsets[0] != 0 or (begins[1:, 0] != ends[:-1, -1]).any() or ends[-1, -1] != len(text):
            raise Unsure  # something stands between two rows
        return pa.BinaryArray.from_buffers(
            pa.binary(), len(offsets) - 1, [None, pa.py_buffer(offsets), pa.py_buffer(text)]
        )


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
