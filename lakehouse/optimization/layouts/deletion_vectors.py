"""Files with deleted rows that are written again without them."""

from __future__ import annotations

from dataclasses import dataclass

from lakehouse.optimization.layouts.loads import Load
from lakehouse.optimization.layouts.rewriter import Rewrite
from lakehouse.optimization.layouts.rewriting import RewriteProposal, RewritingStrategy
from lakehouse.optimization.layouts.table import FileFacts, TableFacts, layout_tags
from lakehouse.optimization.sizes import size_text
from lakehouse.words import word

__all__ = ["DeletionVectorPurge"]

_LEAST_SHARE = 0.05
"""Of a file's rows that are deleted (Delta, ``optimize.maxDeletedRowsRatio``)."""


@word("purge")
@dataclass(frozen=True, slots=True, kw_only=True)
class DeletionVectorPurge(RewritingStrategy):
    """Writes files again of which more than a twentieth is deleted: nobody reads the dead rows or the vector then."""

    def rewrites(self, facts: TableFacts) -> RewriteProposal | None:
        wasteful = [file for file in facts.files if file.has_vector and _dead_share(file) > _LEAST_SHARE]
        if not wasteful:
            return None
        saved = sum(round(file.size_bytes * _dead_share(file)) for file in wasteful)
        before = _with_vectors(facts)
        return RewriteProposal(
            reason=f"{len(wasteful):,} files hold {size_text(saved)} of deleted rows",
            before=before,
            after=Load(files=before.files - len(wasteful), size_bytes=before.size_bytes - saved),
            rewritten_bytes=sum(file.size_bytes for file in wasteful),
            rewrites=tuple(
                Rewrite(
                    paths=(file.path,),
                    file_count=1,
                    tags=layout_tags(
                        file.layout,
                        arranged_in=file.arranged_in,
                        unspent_bytes=facts.unspent_bytes(file.layout),
                    ),
                )
                for file in wasteful
            ),
        )

    def measure(self, facts: TableFacts, proposal: RewriteProposal) -> Load:
        return _with_vectors(facts)


def _with_vectors(facts: TableFacts) -> Load:
    """Return what reading the whole table takes; a vector is opened like a file."""
    vectors = sum(file.has_vector for file in facts.files)
    return Load(files=len(facts.files) + vectors, size_bytes=facts.size_bytes)


def _dead_share(file: FileFacts) -> float:
    if file.row_count is None:
        return 0.0
    return file.deleted_rows / max(1, file.row_count + file.deleted_rows)
