"""Lists of records behind HTTP: declared, fetched side by side, kept page by page. It knows no table."""

from lakehouse.ingestion.rest.access import ApiKey, Auth, Basic, Bearer, NoAuth
from lakehouse.ingestion.rest.declaration import Incremental, Limits, RestApi, rest_api
from lakehouse.ingestion.rest.fetching import FailedRequest, Page, PageOutcome, chains_of, fetch
from lakehouse.ingestion.rest.pagination import (
    Cursor,
    LinkHeader,
    NextUrl,
    Offset,
    OnePage,
    PageNumber,
    Pagination,
)
from lakehouse.ingestion.rest.spark import ApiBatches, ApiInputs, RestDataSource, record_schema

__all__ = [
    "ApiBatches",
    "ApiInputs",
    "ApiKey",
    "Auth",
    "Basic",
    "Bearer",
    "Cursor",
    "FailedRequest",
    "Incremental",
    "Limits",
    "LinkHeader",
    "NextUrl",
    "NoAuth",
    "Offset",
    "OnePage",
    "Page",
    "PageNumber",
    "PageOutcome",
    "Pagination",
    "RestApi",
    "RestDataSource",
    "chains_of",
    "fetch",
    "record_schema",
    "rest_api",
]
