"""Tables that a catalog of Spark's session knows, in any format: which version there is, and its rows."""

from lakehouse.ingestion.catalog_tables.delta import DeltaCatalogTable
from lakehouse.ingestion.catalog_tables.iceberg import IcebergTable
from lakehouse.ingestion.catalog_tables.interface import CatalogTable
from lakehouse.ingestion.catalog_tables.names import is_path, quoted_name
from lakehouse.ingestion.catalog_tables.plain import PlainTable

__all__ = ["CatalogTable", "DeltaCatalogTable", "IcebergTable", "PlainTable", "is_path", "quoted_name"]
