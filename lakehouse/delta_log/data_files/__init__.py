"""Rows as Parquet files with statistics, as the log wants them. Nothing here touches the log itself."""

from lakehouse.delta_log.data_files.conforming import conformed
from lakehouse.delta_log.data_files.described import described
from lakehouse.delta_log.data_files.layout import TableLayout, layout_of
from lakehouse.delta_log.data_files.parquet_writer import ROW_GROUP_ROWS, WrittenFile, write_data_files
from lakehouse.delta_log.data_files.partition_values import parse_partition_values, texts_of_column
from lakehouse.delta_log.data_files.reader import ROW_NUMBER, DataFile, DataFileReader
from lakehouse.delta_log.data_files.statistics import statistics_from_footer
from lakehouse.delta_log.data_files.target_size import target_file_bytes

__all__ = [
    "ROW_GROUP_ROWS",
    "ROW_NUMBER",
    "DataFile",
    "DataFileReader",
    "TableLayout",
    "WrittenFile",
    "conformed",
    "described",
    "layout_of",
    "parse_partition_values",
    "statistics_from_footer",
    "target_file_bytes",
    "texts_of_column",
    "write_data_files",
]
