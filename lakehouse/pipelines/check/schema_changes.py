"""What a definition would change in the tables that stand, and whether that breaks what reads them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pyspark.sql.types import StructType

from lakehouse.quality import ExtraColumn, MissingColumn, SchemaValidator, TypeDiffers, common_type

__all__ = ["SchemaChange", "schema_changes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaChange:
    """One column, or a field in one, that comes, goes or gets another type."""

    column: str
    what: str
    is_breaking: bool
    """Whether a reader of the table can miss something."""
    readers: Sequence[str] = ()
    """The pipeline's tables that read this one."""

    def __str__(self) -> str:
        readers = (
            f" for {', '.join(self.readers)} and readers elsewhere"
            if self.is_breaking and self.readers
            else ""
        )
        return f"{self.column!r} {self.what}: {'breaking' if self.is_breaking else 'not breaking'}{readers}"


def schema_changes(
    held: StructType, declared: StructType, *, readers: Sequence[str] = ()
) -> Sequence[SchemaChange]:
    """Return what differs between a table's schema and that of the rows that the definition makes."""
    found = []
    for each in SchemaValidator(expected=held, check_nullability=False).differences(declared):
        match each:
            case ExtraColumn():
                what, is_breaking = f"is added ({each.type})", False
            case MissingColumn():
                meant = each.did_you_mean
                what, is_breaking = (
                    "no longer comes" if meant is None else f"no longer comes; {meant!r} does",
                    True,
                )
            case TypeDiffers():
                what = f"was {each.expected}, is {each.found}"
                is_breaking = not _is_widened(each.path, held, declared)
            case _:
                continue
        found.append(
            SchemaChange(column=each.path, what=what, is_breaking=is_breaking, readers=tuple(readers))
        )
    return found


def _is_widened(path: str, held: StructType, declared: StructType) -> bool:
    if path not in held.names or path not in declared.names:
        return False
    after = declared[path].dataType
    return common_type(held[path].dataType, after) == after
