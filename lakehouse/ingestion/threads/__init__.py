"""Work for threads: waiting for files and stores through libraries that block. No Spark here."""

from lakehouse.ingestion.threads.producers import by_threads

__all__ = ["by_threads"]
