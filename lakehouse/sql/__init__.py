"""Ask tables of a warehouse by SQL, in this process. No Spark and no JVM, and nothing is written."""

from lakehouse.sql.answers import query
from lakehouse.sql.errors import QueryError
from lakehouse.sql.names import tables_named

__all__ = ["QueryError", "query", "tables_named"]
