"""Ask tables of a warehouse by SQL, in this process. No Spark and no JVM, and nothing is written."""

from lakehouse.queries.answers import query
from lakehouse.queries.errors import MissingTableError, QueryError
from lakehouse.queries.names import tables_named

__all__ = ["MissingTableError", "QueryError", "query", "tables_named"]
