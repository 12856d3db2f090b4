"""Bronze, Silver and Gold tables on Spark and Delta: declared once, checked first, committed whole."""

__version__ = "0.1.0"
