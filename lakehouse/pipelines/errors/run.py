"""Why a run does not begin, or does not come to its end."""

from __future__ import annotations

from lakehouse.errors import LakehouseError

__all__ = ["RunHeldError", "RunStoppedError", "TableTimeoutError"]


class RunHeldError(LakehouseError):
    """Another run of the pipeline is at work in the same warehouse."""

    def __init__(self, *, pipeline: str, host: str, pid: int, since: str) -> None:
        self.pipeline = pipeline
        self.host = host
        self.pid = pid
        self.since = since
        super().__init__(
            f"{pipeline!r} runs already in this warehouse: process {pid} on {host}, since {since}.",
            fix="wait until it has ended. The lock of a process that died is taken over: at once on its machine, "
            "elsewhere two minutes after its last sign of life.",
        )


class TableTimeoutError(LakehouseError):
    """A table took longer than it may; it is as it was."""

    def __init__(self, *, table: str, seconds: float) -> None:
        self.table = table
        self.seconds = seconds
        super().__init__(
            f"{table!r} was stopped after {seconds:g} s, and is as it was before.",
            fix="give it more time (timeout=…, --timeout), or less work; the next run finishes its batch.",
        )


class RunStoppedError(LakehouseError):
    """Somebody stopped the run; tables that were in work are as they were."""

    def __init__(self, *, by: str) -> None:
        self.by = by
        super().__init__(
            f"the run was stopped by {by}; tables that were in work are as they were.",
            fix="run again: the next run finishes their batches.",
        )
