"""Files side by side into Parquet: looked through once, and written while they are looked through."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from lakehouse.ingestion.file_inputs import UNREADABLE
from lakehouse.ingestion.file_reading import reading_cost
from lakehouse.ingestion.formats import Accepted, FileFormat, Inspection, Rejected
from lakehouse.ingestion.inspecting import Inspector
from lakehouse.ingestion.landed_files import LandedFile
from lakehouse.ingestion.landing.shape import RowShape
from lakehouse.ingestion.landing.work import FileJob, LandedRows, UnitJob, land_unit
from lakehouse.ingestion.landing_zone import LandingZone
from lakehouse.ingestion.processes import NotProcessed, ParallelDataProcessor, Processed, ProcessOutcome
from lakehouse.ingestion.spreading import spread
from lakehouse.ingestion.threads import by_threads
from lakehouse.storage import NotFoundError

__all__ = ["Landing", "LandingPart"]

_MOST_UNIT_BYTES = 32 << 20
_LEAST_UNIT_BYTES = 1 << 20
_MUCH_BYTES = 96 << 20
"""A process takes two seconds to start; in this time one reads about so much plain CSV."""
_UNITS_A_PROCESS = 4
"""So many that none of the processes waits long for the last one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LandingPart:
    """A Parquet file with all rows of some files."""

    file: Path
    paths: tuple[str, ...]
    row_count: int
    shape: RowShape


@dataclass(slots=True, kw_only=True)
class Landing:
    """Looks through files and writes their rows, on this machine.

    Below ``folder`` lie the Parquet files. With one process the work is done here; with more of them in their
    own. The files of a store are downloaded by ``threads``, a few ahead of the work; what they wait in is bounded.
    """

    folder: Path
    processes: int | None
    """None: as many as there are cores where the files are worth it, and this one where they are few."""
    threads: int
    shape_of: Callable[[FileFormat], RowShape | None]
    """How rows are written while files are looked through; None where that is not known before all were."""
    done: Callable[[int, int], None] = lambda _files, _rows: None
    """Called with how many files and rows came of one piece of work."""
    parts: list[LandingPart] = field(default_factory=list)

    def inspector(self, zone: LandingZone, file_format: FileFormat) -> Inspector:
        """Return who looks through the files of a zone; the rows of those that can be read are in ``parts``."""
        return _LandingInspector(self, zone, file_format)

    def inspect(
        self, zone: LandingZone, file_format: FileFormat, files: Sequence[LandedFile]
    ) -> Sequence[Inspection | None]:
        """Return what is found in each file."""
        found = self._landed(zone, file_format, files, self.shape_of(file_format), {})
        return [found[file.path] for file in files]

    def write(
        self, zone: LandingZone, files: Sequence[LandedFile], found: Mapping[str, Accepted], shape: RowShape
    ) -> Mapping[str, Inspection | None]:
        """Write the rows of files that were looked through; return what came of each."""
        return self._landed(zone, shape.file_format, files, shape, found)

    def _landed(
        self,
        zone: LandingZone,
        file_format: FileFormat,
        files: Sequence[LandedFile],
        shape: RowShape | None,
        found: Mapping[str, Accepted],
    ) -> dict[str, Inspection | None]:
        self.folder.mkdir(parents=True, exist_ok=True)
        verdicts: dict[str, Inspection | None] = {}
        processes = self.processes or _worth(files)
        units = _units(files, processes)
        with _removed_at_the_end(self._downloads):
            while units:
                units = self._round(units, processes, zone, files, file_format, shape, found, verdicts)
        return verdicts

    def _round(
        self,
        units: Sequence[Sequence[LandedFile]],
        processes: int,
        zone: LandingZone,
        files: Sequence[LandedFile],
        file_format: FileFormat,
        shape: RowShape | None,
        found: Mapping[str, Accepted],
        verdicts: dict[str, Inspection | None],
    ) -> list[Sequence[LandedFile]]:
        """Land the units; return those that are to be tried again."""
        again: list[Sequence[LandedFile]] = []
        alone = all(len(unit) == 1 for unit in units)
        jobs = self._jobs(zone, units, file_format, shape, found)
        with closing(jobs), closing(_outcomes(jobs, processes, are_alone=alone)) as outcomes:
            for outcome in outcomes:
                again += self._taken(outcome, files, shape, verdicts)
        return again

    def _taken(
        self,
        outcome: ProcessOutcome[UnitJob, LandedRows],
        files: Sequence[LandedFile],
        shape: RowShape | None,
        verdicts: dict[str, Inspection | None],
    ) -> Sequence[Sequence[LandedFile]]:
        """Note what came of a unit; return what is to be tried again, each file alone."""
        job = outcome.item
        paths = tuple(file.path for file in job.files)
        _forget(job)
        if isinstance(outcome, NotProcessed):
            Path(job.target).unlink(missing_ok=True)
            if job.size_of > 1:
                return [[file] for file in files if file.path in paths]
            reason = f"it can't be processed: {outcome.reason}"
            verdicts[paths[0]] = Rejected(reason=reason, digest=f"{UNREADABLE} {reason}")
            self.done(1, 0)
            return ()
        landed = outcome.value
        verdicts.update(zip(paths, landed.inspections, strict=True))
        self.done(len(paths), landed.row_count)
        if shape is not None:
            there = tuple(path for path in paths if isinstance(verdicts[path], Accepted))
            file = Path(job.target)
            self.parts.append(LandingPart(file=file, paths=there, row_count=landed.row_count, shape=shape))
        return ()

    def _jobs(
        self,
        zone: LandingZone,
        units: Sequence[Sequence[LandedFile]],
        file_format: FileFormat,
        shape: RowShape | None,
        found: Mapping[str, Accepted],
    ) -> Generator[UnitJob, None, None]:
        """Yield the work on each unit; of a store's files, those of the next ones are downloaded meanwhile."""

        def job(unit: Sequence[LandedFile]) -> UnitJob:
            files = tuple(
                FileJob(path=file.path, local=self._local(zone, file), found=found.get(file.path))
                for file in unit
            )
            target = self.folder / f"part-{uuid.uuid4()}.parquet"
            return UnitJob(files=files, inspects_by=file_format, shape=shape, target=str(target))

        if all("://" not in file.path for unit in units for file in unit):
            yield from map(job, units)
            return
        yield from by_threads(job, units, threads=self.threads, ahead=2 * self.threads)

    @property
    def _downloads(self) -> Path:
        return self.folder / "downloads"

    def _local(self, zone: LandingZone, file: LandedFile) -> str:
        if "://" not in file.path:
            return file.path
        self._downloads.mkdir(parents=True, exist_ok=True)
        target = self._downloads / uuid.uuid4().hex
        try:
            with zone.open(file) as stream, target.open("wb") as copy:
                shutil.copyfileobj(stream, copy, 1 << 20)
        except (FileNotFoundError, NotFoundError):
            target.unlink(missing_ok=True)  # whoever looks for it finds that it is gone
        return str(target)


class _LandingInspector(Inspector):
    def __init__(self, landing: Landing, zone: LandingZone, file_format: FileFormat) -> None:
        self._landing = landing
        self._zone = zone
        self._format = file_format

    def inspect(self, files: Sequence[LandedFile]) -> Sequence[Inspection | None]:
        return self._landing.inspect(self._zone, self._format, files)


def _units(files: Sequence[LandedFile], processes: int) -> list[Sequence[LandedFile]]:
    """Return the files in groups of about the same size, in which neighbours stay together."""
    if not files:
        return []
    costs = [reading_cost(file.path, file.size_bytes) for file in files]
    wanted = sum(costs) // (processes * _UNITS_A_PROCESS) + 1
    unit_bytes = min(_MOST_UNIT_BYTES, max(_LEAST_UNIT_BYTES, wanted))
    tasks = spread(costs, task_bytes=unit_bytes)
    units: dict[int, list[LandedFile]] = {}
    for file, task in zip(files, tasks, strict=True):
        units.setdefault(task, []).append(file)
    return list(units.values())


def _worth(files: Sequence[LandedFile]) -> int:
    """Return how many processes are worth their start."""
    return len(os.sched_getaffinity(0)) if sum(file.size_bytes for file in files) > _MUCH_BYTES else 1


def _outcomes(
    jobs: Iterator[UnitJob], processes: int, *, are_alone: bool
) -> Generator[ProcessOutcome[UnitJob, LandedRows], None, None]:
    if processes == 1:
        for job in jobs:
            yield _landed_here(job)
        return
    # Files that died together are tried one by one, and only then again.
    processor: ParallelDataProcessor[UnitJob, LandedRows] = ParallelDataProcessor(
        land_unit, processes=processes, retries_after_death=int(are_alone)
    )
    yield from processor.imap_unordered(jobs)


def _landed_here(job: UnitJob) -> ProcessOutcome[UnitJob, LandedRows]:
    try:
        return Processed(item=job, value=land_unit(job))
    except Exception as error:  # noqa: BLE001 - a file may fail in any way, as in a process; it fails alone
        return NotProcessed(item=job, reason=f"{type(error).__name__}: {error}", attempts=1)


def _forget(job: UnitJob) -> None:
    for file in job.files:
        if file.local != file.path:
            Path(file.local).unlink(missing_ok=True)


@contextmanager
def _removed_at_the_end(folder: Path) -> Iterator[None]:
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)
