"""What is declared of an API: where it is, what is asked for, and within which limits."""

from lakehouse.ingestion.rest.declaration.api import RestApi
from lakehouse.ingestion.rest.declaration.incremental import CursorValue, Incremental, cursor_value, later
from lakehouse.ingestion.rest.declaration.limits import Limits
from lakehouse.ingestion.rest.declaration.parsing import rest_api

__all__ = ["CursorValue", "Incremental", "Limits", "RestApi", "cursor_value", "later", "rest_api"]
