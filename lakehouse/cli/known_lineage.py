"""The lineage of a pipeline: the one that is kept, or else one that a session finds, which is kept then."""

from __future__ import annotations

from contextlib import suppress

from lakehouse.cli.pipeline_options import PipelineRequest
from lakehouse.cli.validate import resolution_of
from lakehouse.errors import StorageError
from lakehouse.pipelines import PipelineLineage, keep_lineage, kept_lineage, lineage_of

__all__ = ["known_lineage"]


def known_lineage(request: PipelineRequest) -> PipelineLineage:
    """Return where the columns of all tables come from. Raises DefinitionErrors for a wrong definition."""
    definition = request.definition().with_variables(request.variables)
    kept = kept_lineage(request.warehouse(), definition)
    if kept is not None:
        return kept
    resolution = resolution_of(request)
    resolution.check()
    found = lineage_of(resolution, request.open_session())
    with suppress(StorageError):  # an answer is one too where it can't be kept
        keep_lineage(request.warehouse(), definition, found)
    return found
