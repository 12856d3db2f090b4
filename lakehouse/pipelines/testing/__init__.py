"""Run a definition on rows that a test writes down. No Delta, no folder, no batch: one pass through the graph."""

from lakehouse.pipelines.testing.case import PipelineCase
from lakehouse.pipelines.testing.errors import MissingTestInputError, UnexpectedRowsError

__all__ = ["MissingTestInputError", "PipelineCase", "UnexpectedRowsError"]
