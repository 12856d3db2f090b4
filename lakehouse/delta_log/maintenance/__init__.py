"""What keeps a table small: files that no version within the retention needs are deleted."""

from lakehouse.delta_log.maintenance.vacuum import Vacuumed, vacuum

__all__ = ["Vacuumed", "vacuum"]
