"""The rules of a flow: what each asks of a row. ``quality`` judges by them; nothing is judged here."""

from lakehouse.pipelines.declare.rules.columns import Accepted, Between, Matches, NotNull
from lakehouse.pipelines.declare.rules.conditions import ConditionRule
from lakehouse.pipelines.declare.rules.interface import ActionName, Rule
from lakehouse.pipelines.declare.rules.words import RuleWords

__all__ = ["Accepted", "ActionName", "Between", "ConditionRule", "Matches", "NotNull", "Rule", "RuleWords"]
