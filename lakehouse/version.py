"""The version of this library. Apart from ``lakehouse/__init__.py``, so that every layer can read it."""

__all__ = ["__version__"]

__version__ = "0.1.0"
