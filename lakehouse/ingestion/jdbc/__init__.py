"""Tables of a database by JDBC: what is asked for as SQL, and how Spark's tasks read it. It keeps no progress."""

from lakehouse.ingestion.jdbc.declaration import JdbcTable
from lakehouse.ingestion.jdbc.reading import JdbcInputs, JdbcReader, jdbc_schema

__all__ = ["JdbcInputs", "JdbcReader", "JdbcTable", "jdbc_schema"]
