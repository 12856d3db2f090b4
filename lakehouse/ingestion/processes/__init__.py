"""Work for processes: CPU-bound work on many items, side by side, on one machine. No Spark and no JVM here."""

from lakehouse.ingestion.processes.outcomes import NotProcessed, Processed, ProcessOutcome
from lakehouse.ingestion.processes.parallel_data_processor import ParallelDataProcessor
from lakehouse.ingestion.processes.progress import with_progress

__all__ = ["NotProcessed", "ParallelDataProcessor", "ProcessOutcome", "Processed", "with_progress"]
