"""Rows as Parquet files with statistics, as the log wants them. Nothing here touches the log itself."""

from lakehouse.delta_log.data_files.conforming import conformed
from lakehouse.delta_log.data_files.layout import TableLayout, layout_of
from lakehouse.delta_log.data_files.parquet_writer import WrittenFile, write_data_files
from lakehouse.delta_log.data_files.statistics import statistics_from_footer

__all__ = [
    "TableLayout",
    "WrittenFile",
    "conformed",
    "layout_of",
    "statistics_from_footer",
    "write_data_files",
]
