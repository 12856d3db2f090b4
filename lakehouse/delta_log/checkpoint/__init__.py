"""Write checkpoints, and remove the log files that they replace. Readers of checkpoints are in ``replay``."""

from lakehouse.delta_log.checkpoint.log_cleanup import clean_log, is_cleanup_enabled
from lakehouse.delta_log.checkpoint.writer import CheckpointKind, WrittenCheckpoint, write_checkpoint

__all__ = [
    "CheckpointKind",
    "WrittenCheckpoint",
    "clean_log",
    "is_cleanup_enabled",
    "write_checkpoint",
]
