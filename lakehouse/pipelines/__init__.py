"""Declare tables, check them, run them. Only ``check`` and ``run`` start Spark work; no verb of the CLI is here."""

from lakehouse.pipelines.check.graph import TableGraph, graph_of
from lakehouse.pipelines.check.selection import rebuilt_tables, select_tables
from lakehouse.pipelines.check.table_check import NotChecked
from lakehouse.pipelines.check.validation import Resolution, existing_schema, resolve
from lakehouse.pipelines.declare.builder import DeclarativePipelineBuilder
from lakehouse.pipelines.declare.definition import PipelineDefinition, TableDefinition, Variable
from lakehouse.pipelines.declare.durations import duration
from lakehouse.pipelines.declare.flow import (
    Flow,
    UnknownFlowWordError,
    begin,
    from_files,
    from_rest,
    read,
    sql,
    sql_file,
)
from lakehouse.pipelines.declare.old_rows import OldRows
from lakehouse.pipelines.declare.rules import FlowRule, LookUpRule, Rule, RuleContext, WholeRule
from lakehouse.pipelines.declare.sources import (
    CondensedHistory,
    FileSource,
    History,
    Inputs,
    NewInputs,
    ReadRequest,
    RestSource,
    Source,
    SourceContext,
    TableReference,
    TableSource,
)
from lakehouse.pipelines.declare.steps import KeptGroups, OtherTable, Step, StepContext, WholeGroups
from lakehouse.pipelines.declare.table_options import TableOptions
from lakehouse.pipelines.declare.views import ViewDefinition
from lakehouse.pipelines.declare.write_modes import Append, Merge, Replace, WriteMode
from lakehouse.pipelines.declare.yaml import definition_schema, read_yaml_definition
from lakehouse.pipelines.declare.yaml_part import YamlPart
from lakehouse.pipelines.errors import (
    BrokenStepError,
    ChangedSourceError,
    ChangingInputError,
    CycleError,
    DefinitionErrors,
    DuplicateColumnError,
    DuplicateNameError,
    DuplicateRuleError,
    ForeignTableError,
    InvalidNameError,
    InvalidOptionsError,
    InvalidRuleError,
    InvalidStepError,
    InvalidViewError,
    JvmOnlyStepError,
    LostBatchError,
    LostCastErrorsError,
    LostInputsError,
    NewRowsReplaceError,
    NoPendingBatchError,
    NoTableInQueryError,
    NotIncrementalError,
    NotSetAsideError,
    NoWriteModeError,
    PartialGroupsError,
    PipelineNotFoundError,
    QuarantineNameError,
    RepeatedKeysError,
    ReplacedInputError,
    ReservedColumnError,
    RunHeldError,
    RunStoppedError,
    TableTimeoutError,
    UnknownColumnError,
    UnknownLayerError,
    UnknownSelectionError,
    UnknownSourceError,
    UnknownTableError,
    UnknownVariableError,
    UnwritableColumnError,
    WholeReadAppendedError,
)
from lakehouse.pipelines.record.event import Event
from lakehouse.pipelines.record.events import EventLog
from lakehouse.pipelines.record.history import RunRecord, last_runs
from lakehouse.pipelines.record.outcomes import Failed, NothingNew, Outcome, Refreshed, RunResult, Skipped
from lakehouse.pipelines.refresh.batch_states import BatchState, batch_states, drop_pending_batch
from lakehouse.pipelines.refresh.batches import Batch
from lakehouse.pipelines.refresh.bronze import BronzeIngestionPipeline
from lakehouse.pipelines.refresh.context import Rebuilt, RefreshContext
from lakehouse.pipelines.refresh.decision import Decision, Finish, Rest, Take
from lakehouse.pipelines.refresh.factory import PipelineFactory
from lakehouse.pipelines.refresh.gold import GoldAggregationPipeline
from lakehouse.pipelines.refresh.judged_rows import JudgedRows
from lakehouse.pipelines.refresh.released import files_set_aside, release_files
from lakehouse.pipelines.refresh.silver import SilverCleansePipeline
from lakehouse.pipelines.refresh.staged_batches import StagedBatch
from lakehouse.pipelines.refresh.table_pipeline import Refresh, TablePipeline
from lakehouse.pipelines.run.listener import RunListener
from lakehouse.pipelines.run.naming import register_tables
from lakehouse.pipelines.run.plan import TablePlan, plan_run
from lakehouse.pipelines.run.restoring import Restored, restore_table
from lakehouse.pipelines.run.runner import run_pipeline
from lakehouse.pipelines.warehouse import Warehouse
from lakehouse.words import word

__all__ = [
    "Append",
    "Batch",
    "BatchState",
    "BrokenStepError",
    "BronzeIngestionPipeline",
    "ChangedSourceError",
    "ChangingInputError",
    "CondensedHistory",
    "CycleError",
    "Decision",
    "DeclarativePipelineBuilder",
    "DefinitionErrors",
    "DuplicateColumnError",
    "DuplicateNameError",
    "DuplicateRuleError",
    "Event",
    "EventLog",
    "Failed",
    "FileSource",
    "Finish",
    "Flow",
    "FlowRule",
    "ForeignTableError",
    "GoldAggregationPipeline",
    "History",
    "Inputs",
    "InvalidNameError",
    "InvalidOptionsError",
    "InvalidRuleError",
    "InvalidStepError",
    "InvalidViewError",
    "JudgedRows",
    "JvmOnlyStepError",
    "KeptGroups",
    "LookUpRule",
    "LostBatchError",
    "LostCastErrorsError",
    "LostInputsError",
    "Merge",
    "NewInputs",
    "NewRowsReplaceError",
    "NoPendingBatchError",
    "NoTableInQueryError",
    "NoWriteModeError",
    "NotChecked",
    "NotIncrementalError",
    "NotSetAsideError",
    "NothingNew",
    "OldRows",
    "OtherTable",
    "Outcome",
    "PartialGroupsError",
    "PipelineDefinition",
    "PipelineFactory",
    "PipelineNotFoundError",
    "QuarantineNameError",
    "ReadRequest",
    "Rebuilt",
    "Refresh",
    "RefreshContext",
    "Refreshed",
    "RepeatedKeysError",
    "Replace",
    "ReplacedInputError",
    "ReservedColumnError",
    "Resolution",
    "Rest",
    "RestSource",
    "Restored",
    "Rule",
    "RuleContext",
    "RunHeldError",
    "RunListener",
    "RunRecord",
    "RunResult",
    "RunStoppedError",
    "SilverCleansePipeline",
    "Skipped",
    "Source",
    "SourceContext",
    "StagedBatch",
    "Step",
    "StepContext",
    "TableDefinition",
    "TableGraph",
    "TableOptions",
    "TablePipeline",
    "TablePlan",
    "TableReference",
    "TableSource",
    "TableTimeoutError",
    "Take",
    "UnknownColumnError",
    "UnknownFlowWordError",
    "UnknownLayerError",
    "UnknownSelectionError",
    "UnknownSourceError",
    "UnknownTableError",
    "UnknownVariableError",
    "UnwritableColumnError",
    "Variable",
    "ViewDefinition",
    "Warehouse",
    "WholeGroups",
    "WholeReadAppendedError",
    "WholeRule",
    "WriteMode",
    "YamlPart",
    "batch_states",
    "begin",
    "definition_schema",
    "drop_pending_batch",
    "duration",
    "existing_schema",
    "files_set_aside",
    "from_files",
    "from_rest",
    "graph_of",
    "last_runs",
    "plan_run",
    "read",
    "read_yaml_definition",
    "rebuilt_tables",
    "register_tables",
    "release_files",
    "resolve",
    "restore_table",
    "run_pipeline",
    "select_tables",
    "sql",
    "sql_file",
    "word",
]
