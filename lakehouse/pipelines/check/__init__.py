"""Everything that can be said of a definition before any data is read. It writes nothing."""
