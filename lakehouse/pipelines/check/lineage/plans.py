"""How a session shows the plan of a frame: as a tree, or over Spark Connect as a text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from pyspark.sql import DataFrame, SparkSession

from lakehouse.pipelines.check.lineage.plan_text import plan_from_text
from lakehouse.pipelines.check.lineage.plan_tree import Node, plan_from_json

__all__ = ["ClassicPlans", "ExplainedPlans", "Plans", "plans_of"]

_FIELDS = "spark.sql.debug.maxToStringFields"
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
    before = spark.conf.get(_FIELDS) or "25"
    spark.conf.set(_FIELDS, str(2**31 - 1))
    try:
        yield ExplainedPlans()
    finally:
        spark.conf.set(_FIELDS, before)


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
