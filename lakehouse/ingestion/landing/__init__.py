"""Landed files into Parquet without Spark: by processes where there is much to parse, downloaded by threads."""

from lakehouse.ingestion.landing.landing import Landing, LandingPart
from lakehouse.ingestion.landing.shape import RowShape

__all__ = ["Landing", "LandingPart", "RowShape"]
