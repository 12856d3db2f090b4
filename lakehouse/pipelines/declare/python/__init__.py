"""A definition as a script in Python, which builds the same definition."""

from lakehouse.pipelines.declare.python.writer import write_python_definition

__all__ = ["write_python_definition"]
