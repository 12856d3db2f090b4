"""APIs in Spark: a fetch as a job, its pages as rows, and the data source ``lakehouse.rest``."""

from lakehouse.ingestion.rest.spark.api_batches import ApiBatches, ApiInputs
from lakehouse.ingestion.rest.spark.data_source import RestDataSource
from lakehouse.ingestion.rest.spark.records import record_schema

__all__ = ["ApiBatches", "ApiInputs", "RestDataSource", "record_schema"]
