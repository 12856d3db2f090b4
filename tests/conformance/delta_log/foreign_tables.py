"""Tables out of other projects' test suites, and what a reader makes of each.

The folder holds ``<source>/<name>`` or ``<source>/<name>/delta`` with a ``_delta_log``; beside ``delta``
there may be the rows that must come out, in ``expected``. A ``manifest.json`` says which tables must be
refused, and how many rows Spark and deltalake found.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

WRONG_ANSWERS = {
    "kernel-golden/data-reader-partition-values": "its expected rows are in the zone of some laptop"
}
OUTCOMES = ("read right", "refused as they should", "wrong", "not read")


@dataclass(frozen=True, kw_only=True)
class ForeignTable:
    name: str
    source: str
    path: Path
    expected: Path | None
    must_fail: bool
    rows_spark: int | None
    rows_deltalake: int | None

    @property
    def may_fail(self) -> bool:
        """Whether nobody can read it: it must be refused, or it was never whole."""
        nobody = self.rows_spark is None and self.rows_deltalake is None and self.expected is None
        return self.must_fail or nobody


def foreign_tables(root: Path) -> list[ForeignTable]:
    manifest = root / "manifest.json"
    known = {entry["path"]: entry for entry in json.loads(manifest.read_text())} if manifest.exists() else {}
    logs = sorted(root.glob("*/*/_delta_log")) + sorted(root.glob("*/*/delta/_delta_log"))
    found = {log.parent.relative_to(root).as_posix(): log.parent for log in logs}
    found |= {path: root / path for path in known}
    return [_table(root, name, path, known.get(name, {})) for name, path in sorted(found.items())]


def _table(root: Path, name: str, path: Path, entry: dict[str, Any]) -> ForeignTable:
    short = name.removesuffix("/delta")
    expected = path.parent / "expected" if name.endswith("/delta") else None
    if expected is None or not expected.exists() or short in WRONG_ANSWERS:
        expected = None
    elif (expected / "latest" / "table_content.parquet").exists():
        expected = expected / "latest" / "table_content.parquet"
    return ForeignTable(
        name=short,
        source=name.split("/")[0],
        path=path,
        expected=expected,
        must_fail=bool(entry.get("must_fail")),
        rows_spark=entry.get("rows_spark"),
        rows_deltalake=entry.get("rows_deltalake"),
    )


def plain(value: Any) -> Any:
    """Return a value in a form that is the same for each engine: what counts is what it says."""
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat() if value.tzinfo else value.isoformat()
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, float):
        return "NaN" if math.isnan(value) else repr(value)
    return value.isoformat() if isinstance(value, date) else value


def plain_rows(table: pa.Table) -> list[str]:
    names = sorted(table.column_names)
    rows = table.select(names).to_pylist()
    return sorted(
        json.dumps([plain(row[name]) for name in names], default=repr, sort_keys=True) for row in rows
    )


def expected_rows(table: ForeignTable) -> list[str] | None:
    if table.expected is None:
        return None
    if table.expected.is_file():
        return plain_rows(pq.read_table(table.expected))
    files = [str(path) for path in table.expected.rglob("*.parquet")]
    return plain_rows(ds.dataset(files, format="parquet").to_table()) if files else []


@dataclass(kw_only=True)
class Score:
    """What one reader made of all tables."""

    reader: str
    outcomes: dict[str, str] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)

    def named(self, outcome: str) -> set[str]:
        return {name for name, found in self.outcomes.items() if found == outcome}

    def report(self, tables: Iterable[ForeignTable]) -> str:
        sources: dict[str, Counter[str]] = {}
        for table in tables:
            sources.setdefault(table.source, Counter())[self.outcomes[table.name]] += 1
        head = f"{self.reader:24}" + "".join(f"{outcome:>24}" for outcome in OUTCOMES)
        rows = [
            f"  {source:22}" + "".join(f"{counts[o]:>24}" for o in OUTCOMES)
            for source, counts in sources.items()
        ]
        return "\n".join([head, *rows])


def score(
    reader: str, tables: Iterable[ForeignTable], read: Callable[[ForeignTable], pa.Table | int], errors: tuple
) -> Score:
    """Let a reader loose on all tables; ``read`` gives rows, or their number where the files are gone."""
    result = Score(reader=reader)
    for table in tables:
        try:
            found = read(table)
        except errors as error:
            result.outcomes[table.name] = "refused as they should" if table.may_fail else "not read"
            result.reasons[table.name] = f"{type(error).__name__}: {error}"
            continue
        result.outcomes[table.name] = "read right" if is_right(table, found) else "wrong"
    return result


def is_right(table: ForeignTable, found: pa.Table | int) -> bool:
    if table.must_fail:
        return False
    rows = None if isinstance(found, int) else expected_rows(table)
    if rows is not None and not isinstance(found, int):
        return plain_rows(found) == rows
    counts = {table.rows_spark, table.rows_deltalake} - {None}
    count = found if isinstance(found, int) else found.num_rows
    return count in counts if counts else True
