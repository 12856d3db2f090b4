"""How Spark reads and writes one Delta table. It knows no pipeline, and decides nothing about rows."""

from lakehouse.tables.adopting import delete_rows, publish_files
from lakehouse.tables.arrow_table import ArrowTable
from lakehouse.tables.candidates import Candidates
from lakehouse.tables.catalog import SparkCatalog
from lakehouse.tables.comparable_values import comparable
from lakehouse.tables.data_source import LakehouseDataSource, register_data_source
from lakehouse.tables.delta_in_session import has_delta
from lakehouse.tables.delta_spark import DeltaSparkTable
from lakehouse.tables.description import TableDescription, describe
from lakehouse.tables.errors import (
    SPARK_ERRORS,
    CatalogError,
    SupersededWriteError,
    TableWriteError,
    TakenNameError,
    UnreadableChangesError,
    root_cause,
)
from lakehouse.tables.file_sizes import estimated_bytes, evened_out
from lakehouse.tables.identifiers import quoted
from lakehouse.tables.interface import (
    AlreadyPublished,
    IReadableDeltaTable,
    IWritableDeltaTable,
    MergePlan,
    Published,
    TableState,
    progress_in,
)
from lakehouse.tables.key_bounds import KeyBounds, bounds_of_keys
from lakehouse.tables.key_index import narrowed_by_index
from lakehouse.tables.key_ranges import KeyRange, hull, may_have_key_in
from lakehouse.tables.layout import TableLayout
from lakehouse.tables.log import TableLog
from lakehouse.tables.native import NativeTable
from lakehouse.tables.paths import literal_path
from lakehouse.tables.plain_schema import odd_names
from lakehouse.tables.python_files import rows_of_parts, schema_of_rows, write_files
from lakehouse.tables.queries import SparkQueryError, answer
from lakehouse.tables.reader import TableReader
from lakehouse.tables.restoring import RestoredTable, restore, version_before
from lakehouse.tables.same_fields import all_fields, in_fields_of, value_for, with_columns_of
from lakehouse.tables.session_cores import parallelism
from lakehouse.tables.sql_types import sql_type
from lakehouse.tables.staging import STAGING_FOLDER, StagedRows, sweep_staging
from lakehouse.tables.staging_folders import StagingFolder, staging_folder
from lakehouse.tables.transaction_id import Predecessor, TransactionId

__all__ = [
    "SPARK_ERRORS",
    "STAGING_FOLDER",
    "AlreadyPublished",
    "ArrowTable",
    "Candidates",
    "CatalogError",
    "DeltaSparkTable",
    "IReadableDeltaTable",
    "IWritableDeltaTable",
    "KeyBounds",
    "KeyRange",
    "LakehouseDataSource",
    "MergePlan",
    "NativeTable",
    "Predecessor",
    "Published",
    "RestoredTable",
    "SparkCatalog",
    "SparkQueryError",
    "StagedRows",
    "StagingFolder",
    "SupersededWriteError",
    "TableDescription",
    "TableLayout",
    "TableLog",
    "TableReader",
    "TableState",
    "TableWriteError",
    "TakenNameError",
    "TransactionId",
    "UnreadableChangesError",
    "all_fields",
    "answer",
    "bounds_of_keys",
    "comparable",
    "delete_rows",
    "describe",
    "estimated_bytes",
    "evened_out",
    "has_delta",
    "hull",
    "in_fields_of",
    "literal_path",
    "may_have_key_in",
    "narrowed_by_index",
    "odd_names",
    "parallelism",
    "progress_in",
    "publish_files",
    "quoted",
    "register_data_source",
    "restore",
    "root_cause",
    "rows_of_parts",
    "schema_of_rows",
    "sql_type",
    "staging_folder",
    "sweep_staging",
    "value_for",
    "version_before",
    "with_columns_of",
    "write_files",
]
