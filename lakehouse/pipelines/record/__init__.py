"""What happened: how each table of a run ended, and the event log that keeps it. It decides nothing."""
