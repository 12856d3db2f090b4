"""The steps of a flow: what each does with the rows that pass, and with those that the table holds."""

from lakehouse.pipelines.declare.steps.columns import Cast, ColumnWords, Rename, Select
from lakehouse.pipelines.declare.steps.custom import CustomWords, Sql, Transform, names_in_query
from lakehouse.pipelines.declare.steps.distinct_values import DistinctValues
from lakehouse.pipelines.declare.steps.free_choice import goes_row_by_row, may_choose, may_vary, runs_code
from lakehouse.pipelines.declare.steps.groups import Aggregate, GroupWords, Pivot
from lakehouse.pipelines.declare.steps.interface import OtherTable, Step, StepContext
from lakehouse.pipelines.declare.steps.joins import Join, JoinWords
from lakehouse.pipelines.declare.steps.kept_groups import KeptGroups, WholeGroups
from lakehouse.pipelines.declare.steps.rows import Deduplicate, RowWords, Where
from lakehouse.pipelines.declare.steps.state import StateWords, UpdateState
from lakehouse.pipelines.declare.steps.unions import Union, UnionWords
from lakehouse.pipelines.declare.steps.watermark import Watermark, WatermarkWords
from lakehouse.pipelines.declare.steps.windows import session_window, window

__all__ = [
    "Aggregate",
    "Cast",
    "ColumnWords",
    "CustomWords",
    "Deduplicate",
    "DistinctValues",
    "GroupWords",
    "Join",
    "JoinWords",
    "KeptGroups",
    "OtherTable",
    "Pivot",
    "Rename",
    "RowWords",
    "Select",
    "Sql",
    "StateWords",
    "Step",
    "StepContext",
    "Transform",
    "Union",
    "UnionWords",
    "UpdateState",
    "Watermark",
    "WatermarkWords",
    "Where",
    "WholeGroups",
    "goes_row_by_row",
    "may_choose",
    "may_vary",
    "names_in_query",
    "runs_code",
    "session_window",
    "window",
]
