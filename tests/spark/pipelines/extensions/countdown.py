"""A source from outside: it offers the numbers below ``start``, once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql.types import StructType

from lakehouse.pipelines import Inputs, NewInputs, ReadRequest, Source, SourceContext, word


@word("countdown")
@dataclass(frozen=True, slots=True, kw_only=True)
class Countdown(Source):
    """Numbers from 0; a start of more than 1,000 is rejected."""

    start: int

    def schema(self, upstream: Mapping[str, StructType]) -> StructType:
        return StructType().add("number", "long", False)

    def next_inputs(self, context: SourceContext, table: str, history: Sequence[Inputs]) -> NewInputs | None:
        return None if history else NewInputs(known={"start": self.start}, reason="nobody has counted yet")

    def read(self, context: SourceContext, request: ReadRequest) -> DataFrame:
        return context.spark.range(request.inputs["start"]).toDF("number")

    def rejected(self, context: SourceContext, request: ReadRequest) -> DataFrame | None:
        if request.inputs["start"] <= 1_000:
            return None
        return context.spark.sql(
            "SELECT 1000L AS number, array(struct('short' AS rule, 'it is too long' AS message)) AS _errors"
        )

    def counts(self, inputs: Inputs) -> Mapping[str, int]:
        return {"numbers": inputs["start"]}
