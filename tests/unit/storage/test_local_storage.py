"""What only the local store has to care about: links, torn files, syncing, other people's files."""
