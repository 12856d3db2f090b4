"""Runs a checked definition, or says what a run would do. The only room that starts Spark work."""
