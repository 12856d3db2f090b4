"""How a session shows the plan of a frame: as a tree, or over Spark Connect as a text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from pyspark.sql import DataFrame, SparkSession

from lakehouse.pipelines.check.lineage.plan_text import plan_from_text
from lakehouse.pipelines.check.lineage.plan_tree import Node, plan_from_json

__all__ = ["ClassicPlans", "ExplainedPlans", "Plans", "explained_whole", "plans_of"]

_FIELDS = "spark.sql.debug.maxToStringFields"
_LEFT_OUT = "spark.sql.optimizer.excludedRules"
_COMPUTING = (
    "org.apache.spark.sql.catalyst.optimizer.ConstantFolding",
    "org.apache.spark.sql.catalyst.optimizer.ConvertToLocalRelation",
)
"""Rules that compute what they can, such as ``1 / 0``."""
_TITLE, _NEXT_TITLE = "== Analyzed Logical Plan ==", "== Optimized Logical Plan =="


class Plans(Protocol):
    """Shows plans as Spark analysed them."""

    def plan(self, frame: DataFrame) -> Node:
        """Return the plan; the columns that come out of it are the frame's, in order."""

    def numbers(self, frame: DataFrame) -> list[int]:
        """Return the numbers by which the plan knows the frame's columns."""


@contextmanager
def plans_of(spark: SparkSession) -> Iterator[Plans]:
    """Give the plans of a session, which over Spark Connect shows more in its texts meanwhile."""
    if hasattr(spark.range(0), "_jdf"):
        yield ClassicPlans()
        return
    with explained_whole(spark):
        yield ExplainedPlans()


@contextmanager
def explained_whole(spark: SparkSession) -> Iterator[None]:
    """Have plans explained with all of their columns, and nothing computed: where that fails, none is shown."""
    before = {name: spark.conf.get(name, None) for name in (_FIELDS, _LEFT_OUT)}
    spark.conf.set(_FIELDS, str(2**31 - 1))
    spark.conf.set(_LEFT_OUT, ",".join([*filter(None, [before[_LEFT_OUT]]), *_COMPUTING]))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                spark.conf.unset(name)
            else:
                spark.conf.set(name, value)


class ClassicPlans:
    """Asks the session in this process."""

    def plan(self, frame: DataFrame) -> Node:
        return plan_from_json(_analysed(frame).toJSON())

    def numbers(self, frame: DataFrame) -> list[int]:
        text = _analysed(frame).output().mkString(", ")
        return _numbers(frame.columns, text)


class ExplainedPlans:
    """Reads what ``explain`` says. A frame is asked for all of its columns, so that its plan begins with their list."""

    def __init__(self) -> None:
        self._texts: dict[int, tuple[DataFrame, str]] = {}

    def plan(self, frame: DataFrame) -> Node:
        return plan_from_text(self._text(frame), self.numbers(frame))

    def numbers(self, frame: DataFrame) -> list[int]:
        return _numbers(frame.columns, self._text(frame).removeprefix("Project ["))

    def explained(self, frame: DataFrame) -> str:
        """Return what Spark explains of a frame."""
        shown: Any = frame
        return str(shown._explain_string(extended=True))

    def _text(self, frame: DataFrame) -> str:
        if id(frame) not in self._texts:
            explained = self.explained(frame.select("*")).partition(_TITLE)[2].partition(_NEXT_TITLE)[0]
            text = explained[explained.index("\nProject [") :].strip("\n")
            self._texts[id(frame)] = (frame, text)  # with the frame, so that no other one has its identity
        return self._texts[id(frame)][1]


def _analysed(frame: DataFrame) -> Any:
    return frame._jdf.queryExecution().analyzed()  # a classic session alone has it


def _numbers(names: list[str], text: str) -> list[int]:
    """Return the numbers in a text like ``a#1, b#2L``; names may have any letters."""
    numbers = []
    for name in names:
        found = re.compile(rf"{re.escape(name)}#(\d+)L?(?:, )?").match(text)
        assert found is not None, text  # noqa: S101 - Spark writes it so
        numbers.append(int(found[1]))
        text = text[found.end() :]
    return numbers
