"""How an API gives a list in pages, one way a file. A pagination names requests; it makes none."""

from lakehouse.ingestion.rest.pagination.cursor import Cursor
from lakehouse.ingestion.rest.pagination.interface import Pagination, Position, Reply
from lakehouse.ingestion.rest.pagination.link_header import LinkHeader
from lakehouse.ingestion.rest.pagination.next_url import NextUrl
from lakehouse.ingestion.rest.pagination.offset import Offset
from lakehouse.ingestion.rest.pagination.one_page import OnePage
from lakehouse.ingestion.rest.pagination.page_number import PageNumber

__all__ = [
    "Cursor",
    "LinkHeader",
    "NextUrl",
    "Offset",
    "OnePage",
    "PageNumber",
    "Pagination",
    "Position",
    "Reply",
]
