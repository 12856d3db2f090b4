"""The retail pipeline without lakehouse: written by hand, and in Spark's own declarative pipelines."""
