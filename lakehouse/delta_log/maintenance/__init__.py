"""What keeps a table small: files that no version within the retention needs are deleted."""

__all__ = []
