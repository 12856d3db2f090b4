"""Where a flow's rows come from, one kind of source a file. A source knows no layer and decides no batch."""

from lakehouse.pipelines.declare.sources.arrivals import Arrivals
from lakehouse.pipelines.declare.sources.catalog import CatalogTableSource, table_elsewhere
from lakehouse.pipelines.declare.sources.delta import DeltaSource
from lakehouse.pipelines.declare.sources.files import FileSource
from lakehouse.pipelines.declare.sources.files_rows import SOURCE_FILE
from lakehouse.pipelines.declare.sources.given_rows import GivenRow, cells_of, frame_of_rows
from lakehouse.pipelines.declare.sources.history import CondensedHistory, History, Inputs
from lakehouse.pipelines.declare.sources.interface import (
    Backlog,
    NewInputs,
    ReadRequest,
    Source,
    SourceContext,
    TableReference,
    TablesBeside,
)
from lakehouse.pipelines.declare.sources.jdbc import JdbcSource
from lakehouse.pipelines.declare.sources.kafka import KafkaSource
from lakehouse.pipelines.declare.sources.landable import LandableFiles
from lakehouse.pipelines.declare.sources.moments import is_moment, microseconds
from lakehouse.pipelines.declare.sources.pairs import PairsSource
from lakehouse.pipelines.declare.sources.parquet import ParquetSource
from lakehouse.pipelines.declare.sources.rate import RateSource
from lakehouse.pipelines.declare.sources.rest import RestSource
from lakehouse.pipelines.declare.sources.rows import RangeSource, RowsSource
from lakehouse.pipelines.declare.sources.seed import SeedSource
from lakehouse.pipelines.declare.sources.tables import TableSource

__all__ = [
    "SOURCE_FILE",
    "Arrivals",
    "Backlog",
    "CatalogTableSource",
    "CondensedHistory",
    "DeltaSource",
    "FileSource",
    "GivenRow",
    "History",
    "Inputs",
    "JdbcSource",
    "KafkaSource",
    "LandableFiles",
    "NewInputs",
    "PairsSource",
    "ParquetSource",
    "RangeSource",
    "RateSource",
    "ReadRequest",
    "RestSource",
    "RowsSource",
    "SeedSource",
    "Source",
    "SourceContext",
    "TableReference",
    "TableSource",
    "TablesBeside",
    "cells_of",
    "frame_of_rows",
    "is_moment",
    "microseconds",
    "table_elsewhere",
]
