"""Files of a landing zone that a table set aside, and how they are released to be looked at again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lakehouse.errors import did_you_mean
from lakehouse.ingestion import ReleasedFiles, SeenFiles
from lakehouse.pipelines.declare.sources import FileSource
from lakehouse.pipelines.errors import NotSetAsideError
from lakehouse.pipelines.refresh.batch_states import place_of
from lakehouse.pipelines.refresh.batches import BatchLog
from lakehouse.pipelines.refresh.condensed_histories import CondensedHistories
from lakehouse.pipelines.refresh.taken_batches import TakenBatches
from lakehouse.pipelines.warehouse import SYSTEM_LAYER, Warehouse
from lakehouse.tables import TableLog

__all__ = ["files_set_aside", "release_files", "released_files"]


def released_files(warehouse: Warehouse, *, layer: str, table: str) -> ReleasedFiles:
    """Return the released files of a table."""
    return ReleasedFiles(warehouse.storage, prefix=f"{SYSTEM_LAYER}/released/{layer}/{table}/")


def files_set_aside(warehouse: Warehouse, table: str) -> Mapping[str, str]:
    """Return the files that a table set aside when it last looked at them, with the reason, by path.

    Empty for a table that reads no files. Raises UnknownTableError.
    """
    layer, folder = place_of(warehouse, table)
    batches = BatchLog(warehouse.storage, layer=layer, table=folder)
    newest = batches.newest(last=None)
    state = TableLog(warehouse.path_of(layer, folder)).state()
    last = None if newest is None or state is None else state.last_taken(newest.flow)
    if last is None or batches.get(last).batch.source != FileSource.__qualname__:
        return {}
    condensed = CondensedHistories(warehouse.storage, layer=layer, table=folder)
    history = TakenBatches(batches, condensed, last=last).condensed(FileSource.condensed_as)
    return SeenFiles(history.body, history.since).set_aside()


def release_files(warehouse: Warehouse, table: str, files: Sequence[str] = ()) -> Sequence[str]:
    """Let the next run look again at files that a table set aside, all of them by default; return their paths.

    ``files`` are paths or names. A file that the table took before with other content comes in the place of that
    content. Raises UnknownTableError, NotSetAsideError.
    """
    aside = files_set_aside(warehouse, table)
    chosen = [path for given in files for path in _found(table, given, aside)] if files else list(aside)
    if not chosen:
        raise NotSetAsideError(table=table, file="", fix="there is nothing to release.")
    layer, folder = place_of(warehouse, table)
    released_files(warehouse, layer=layer, table=folder).release(chosen)
    return chosen


def _found(table: str, given: str, aside: Mapping[str, str]) -> Sequence[str]:
    found = [path for path in aside if given in (path, _name(path))]
    if not found:
        raise NotSetAsideError(table=table, file=given, fix=did_you_mean(given, map(_name, aside)))
    return found


def _name(path: str) -> str:
    return path.rpartition("/")[2]
