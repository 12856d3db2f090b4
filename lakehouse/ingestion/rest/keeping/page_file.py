"""Pages as one Parquet file: a row a record, and in the footer which pages these are."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lakehouse.ingestion.rest.declaration import CursorValue
from lakehouse.ingestion.rest.fetching import Page

__all__ = ["PageMark", "only_pages", "page_file", "page_marks"]

_MARKS = b"lakehouse.pages"
_SCHEMA = pa.schema([("page", pa.int32()), ("_source_url", pa.string()), ("record", pa.string())])


class PageMark(msgspec.Struct, frozen=True, kw_only=True):
    """Which page it is, and what is to be known of it without its records."""

    chain: int
    position: dict[str, Any]
    follows: dict[str, Any] | None
    records: int
    highest: CursorValue | None
    content: int
    """A digest of its records in their order; 0 where there are none."""

    @classmethod
    def of(cls, page: Page) -> PageMark:
        """Return the mark of a page."""
        digest = hashlib.blake2b(digest_size=7)
        for record in page.records:
            digest.update(record.encode())
            digest.update(b"\n")
        return cls(
            chain=page.chain,
            position=page.position,
            follows=page.follows,
            records=len(page.records),
            highest=page.highest,
            content=int.from_bytes(digest.digest(), "big") if page.records else 0,
        )


def page_file(pages: Sequence[Page]) -> bytes:
    """Return the file of these pages."""
    table = pa.table(
        {
            "page": [at for at, page in enumerate(pages) for _ in page.records],
            "_source_url": [page.url for page in pages for _ in page.records],
            "record": [record for page in pages for record in page.records],
        },
        schema=_SCHEMA,
    )
    return _written(table, [PageMark.of(page) for page in pages])


def page_marks(content: bytes) -> Sequence[PageMark]:
    """Return which pages a file holds."""
    metadata = pq.read_metadata(io.BytesIO(content)).metadata
    return msgspec.json.decode(metadata[_MARKS], type=list[PageMark])


def only_pages(content: bytes, wanted: Sequence[int]) -> bytes:
    """Return a file of some of a file's pages, by their places in it."""
    marks, table = page_marks(content), pq.read_table(io.BytesIO(content))
    kept = table.filter(pc.is_in(table["page"], pa.array(wanted, pa.int32())))
    return _written(kept, [marks[at] for at in wanted])


def _written(table: pa.Table, marks: Sequence[PageMark]) -> bytes:
    sink = io.BytesIO()
    pq.write_table(
        table.replace_schema_metadata({_MARKS: msgspec.json.encode(list(marks))}), sink, compression="zstd"
    )
    return sink.getvalue()
