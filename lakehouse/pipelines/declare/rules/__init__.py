"""The rules of a flow: what each asks of rows. ``quality`` judges by them; nothing is judged here."""

from lakehouse.pipelines.declare.rules.columns import Accepted, Between, Matches, NotNull
from lakehouse.pipelines.declare.rules.conditions import CONDITION_WORDS, ConditionRule
from lakehouse.pipelines.declare.rules.context import RuleContext
from lakehouse.pipelines.declare.rules.freshness import Freshness
from lakehouse.pipelines.declare.rules.in_contract import InContract
from lakehouse.pipelines.declare.rules.interface import ActionName, FlowRule, Rule
from lakehouse.pipelines.declare.rules.look_ups import LookUpRule
from lakehouse.pipelines.declare.rules.no_rows_yet import NoRowsYet
from lakehouse.pipelines.declare.rules.references import References
from lakehouse.pipelines.declare.rules.row_count import RowCount
from lakehouse.pipelines.declare.rules.same_sum import SameSum
from lakehouse.pipelines.declare.rules.steady import Steady
from lakehouse.pipelines.declare.rules.unique import Unique
from lakehouse.pipelines.declare.rules.whole import WholeRule
from lakehouse.pipelines.declare.rules.words import RuleWords

__all__ = [
    "CONDITION_WORDS",
    "Accepted",
    "ActionName",
    "Between",
    "ConditionRule",
    "FlowRule",
    "Freshness",
    "InContract",
    "LookUpRule",
    "Matches",
    "NoRowsYet",
    "NotNull",
    "References",
    "RowCount",
    "Rule",
    "RuleContext",
    "RuleWords",
    "SameSum",
    "Steady",
    "Unique",
    "WholeRule",
]
