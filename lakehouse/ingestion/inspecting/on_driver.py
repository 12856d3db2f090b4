"""Files inspected in this process, some at a time."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from lakehouse.ingestion.file_inputs import UNREADABLE, why_unreadable
from lakehouse.ingestion.formats import FileFormat, Inspection, Rejected
from lakehouse.ingestion.inspecting.interface import Inspector
from lakehouse.ingestion.landed_files import LandedFile
from lakehouse.ingestion.landing_zone import LandingZone
from lakehouse.storage import AccessDeniedError, NotFoundError

__all__ = ["DriverInspector"]

_AT_ONCE = 4


class DriverInspector(Inspector):
    """Reads the files itself, in parts: its memory does not grow with them."""

    def __init__(self, zone: LandingZone, file_format: FileFormat) -> None:
        self._zone = zone
        self._format = file_format

    def inspect(self, files: Sequence[LandedFile]) -> Sequence[Inspection | None]:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return list(pool.map(self._inspect, files))

    def _inspect(self, file: LandedFile) -> Inspection | None:
        try:
            with self._zone.open(file) as stream:
                return self._format.inspect(stream, name=file.path)
        except (FileNotFoundError, NotFoundError):
            return None
        except (OSError, AccessDeniedError) as error:
            reason = why_unreadable(error)
            return Rejected(reason=reason, digest=f"{UNREADABLE} {reason}")
