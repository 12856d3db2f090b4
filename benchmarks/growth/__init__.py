"""What the benchmarks of growth share: a long history, and what is read of it."""
