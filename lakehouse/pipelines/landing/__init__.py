"""Files into a Bronze table without Spark: the same batches, the same quarantine, one commit."""

from lakehouse.pipelines.landing.landing_run import land

__all__ = ["land"]
