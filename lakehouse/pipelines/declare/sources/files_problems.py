"""What is wrong with a declaration of files, beside what its format says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from lakehouse.ingestion import DELETE, InvalidFormatError, OnRewritten, path_matcher
from lakehouse.pipelines.errors import InvalidStepError
from lakehouse.source_location import SourceLocation

__all__ = ["problems_of_archive", "problems_of_replacing", "problems_of_word"]


def problems_of_word(on_rewritten: str, location: SourceLocation) -> Sequence[InvalidStepError]:
    """Return what is wrong with the word for files that come again."""
    if on_rewritten in get_args(OnRewritten):
        return ()
    wrong, fix = f"on_rewritten={on_rewritten!r}", "use 'quarantine', 'replace' or 'ignore'."
    return [InvalidStepError(step="from_files", wrong=wrong, fix=fix, location=location)]


def problems_of_replacing(on_rewritten: str, location: SourceLocation) -> Sequence[InvalidStepError]:
    """Return what is wrong with files that come again where a table's rows don't tell their file."""
    if on_rewritten != "replace":
        return ()
    return [
        InvalidStepError(
            step="from_files",
            wrong="on_rewritten='replace' in a table whose rows can't be told apart by their file",
            fix="append the files' rows to a table of their own, without deduplicate(), and read that one.",
            location=location,
        )
    ]


def problems_of_archive(after_commit: str | None, pattern: str) -> Sequence[InvalidFormatError]:
    """Return what is wrong with the place of files that are taken: they must not be found again."""
    if after_commit in (None, DELETE):
        return ()
    archived = f"{after_commit}/{pattern.rpartition('/')[2]}"
    if path_matcher(pattern).match(archived) is None:
        return ()
    problem = f"files in the archive {after_commit!r} match the pattern {pattern!r}"
    return [InvalidFormatError(problem=problem, fix="name a folder where no file is looked for.")]
