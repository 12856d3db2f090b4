"""Who inspects landed files: the driver where there is little, Spark's tasks where there is much."""

from lakehouse.ingestion.inspecting.choice import ChoosingInspector
from lakehouse.ingestion.inspecting.interface import Inspector
from lakehouse.ingestion.inspecting.on_driver import DriverInspector

__all__ = ["ChoosingInspector", "DriverInspector", "Inspector"]
