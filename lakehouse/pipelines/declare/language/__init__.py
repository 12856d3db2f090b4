"""What a language asks of the parts of a definition, and they of it. Which languages there are, nothing here knows."""

from lakehouse.pipelines.declare.language.importing import importable_name, named_module, sayable_word
from lakehouse.pipelines.declare.language.interface import (
    Call,
    Language,
    UnsayableError,
    names_and_types,
    written_fields,
)
from lakehouse.pipelines.declare.language.refusals import Refusals

__all__ = [
    "Call",
    "Language",
    "Refusals",
    "UnsayableError",
    "importable_name",
    "named_module",
    "names_and_types",
    "sayable_word",
    "written_fields",
]
