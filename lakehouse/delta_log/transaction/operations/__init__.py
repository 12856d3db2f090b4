"""What a writer can do to a table."""
