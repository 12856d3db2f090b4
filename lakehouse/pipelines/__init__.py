"""Declare tables, check them, run them. Only the planner and the runner touch Spark; no verb of the CLI is here."""

from lakehouse.pipelines.bronze import BronzeIngestionPipeline
from lakehouse.pipelines.builder import DeclarativePipelineBuilder
from lakehouse.pipelines.definition import PipelineDefinition, TableDefinition, Variable
from lakehouse.pipelines.errors import DefinitionErrors
from lakehouse.pipelines.events import EventLog
from lakehouse.pipelines.factory import PipelineFactory
from lakehouse.pipelines.flow import Flow, from_files, read
from lakehouse.pipelines.gold import GoldAggregationPipeline
from lakehouse.pipelines.listener import RunListener, Silence
from lakehouse.pipelines.outcomes import Failed, NothingNew, Outcome, Refreshed, RunResult, Skipped
from lakehouse.pipelines.planner import NotChecked, Resolution, resolve
from lakehouse.pipelines.refresh_context import RefreshContext
from lakehouse.pipelines.runner import run_pipeline
from lakehouse.pipelines.silver import SilverCleansePipeline
from lakehouse.pipelines.sources import FileSource, Inputs, ReadableSource, Source, TableSource
from lakehouse.pipelines.steps import Step, TableReader
from lakehouse.pipelines.table_pipeline import Refresh, TablePipeline, Verdict
from lakehouse.pipelines.warehouse import Warehouse
from lakehouse.pipelines.write_modes import Append, Merge, Replace, WriteMode

__all__ = [
    "Append",
    "BronzeIngestionPipeline",
    "DeclarativePipelineBuilder",
    "DefinitionErrors",
    "EventLog",
    "Failed",
    "FileSource",
    "Flow",
    "GoldAggregationPipeline",
    "Inputs",
    "Merge",
    "NotChecked",
    "NothingNew",
    "Outcome",
    "PipelineDefinition",
    "PipelineFactory",
    "ReadableSource",
    "Refresh",
    "RefreshContext",
    "Refreshed",
    "Replace",
    "Resolution",
    "RunListener",
    "RunResult",
    "Silence",
    "SilverCleansePipeline",
    "Skipped",
    "Source",
    "Step",
    "TableDefinition",
    "TablePipeline",
    "TableReader",
    "TableSource",
    "Variable",
    "Verdict",
    "Warehouse",
    "WriteMode",
    "from_files",
    "read",
    "resolve",
    "run_pipeline",
]
