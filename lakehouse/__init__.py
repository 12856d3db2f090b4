"""Bronze, Silver and Gold tables on Spark and Delta: declared once, checked first, committed whole.

The words of a pipeline are here, and load Spark when they are first used: importing this package loads nothing.
"""

import importlib
from typing import TYPE_CHECKING, Any

from lakehouse.version import __version__

if TYPE_CHECKING:
    from lakehouse.pipelines import DeclarativePipelineBuilder, from_files, read, run_pipeline, sql
    from lakehouse.spark_session import SparkSessionFactory

__all__ = [
    "DeclarativePipelineBuilder",
    "SparkSessionFactory",
    "__version__",
    "from_files",
    "read",
    "run_pipeline",
    "sql",
]

_PACKAGES = {"SparkSessionFactory": "lakehouse.spark_session"} | dict.fromkeys(
    ("DeclarativePipelineBuilder", "from_files", "read", "run_pipeline", "sql"), "lakehouse.pipelines"
)


def __getattr__(name: str) -> Any:
    """Load the package that a word comes from. Called for each word once."""
    if name not in _PACKAGES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(importlib.import_module(_PACKAGES[name]), name)
    return found


def __dir__() -> list[str]:
    return [*globals(), *__all__]
