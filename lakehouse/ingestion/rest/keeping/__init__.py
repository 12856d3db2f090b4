"""Pages kept as they come, so that a fetch that was stopped goes on where it was and asks for nothing twice."""

from lakehouse.ingestion.rest.keeping.fetch_task import fetch_task
from lakehouse.ingestion.rest.keeping.kept_fetch import FetchPlan, FetchResult, KeptFetch, TaskResult

__all__ = ["FetchPlan", "FetchResult", "KeptFetch", "TaskResult", "fetch_task"]
